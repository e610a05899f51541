// A Worker that calls the AI binding as the product does: streams and thrown errors cross a real service binding.
interface Ai {
  run(model: string, inputs: Record<string, unknown>, options?: object): Promise<unknown>;
}

interface Call {
  readonly model: string;
  readonly inputs: Record<string, unknown>;
  readonly options?: object;
  /** Names of inputs to send as streamed forms that hold a prompt. */
  readonly forms?: readonly string[];
}

export default {
  async fetch(request: Request, env: { AI: Ai }): Promise<Response> {
    const { model, inputs, options, forms = [] } = await request.json<Call>();
    const streams = Object.fromEntries(forms.map((name) => [name, streamedForm()]));
    try {
      const answer = await env.AI.run(model, { ...inputs, ...streams }, options);
      if (!(answer instanceof Response)) return Response.json({ answer });
      const headers = Object.fromEntries(answer.headers);
      return Response.json({ status: answer.status, headers, answer: await answer.json() });
    } catch (error) {
      return Response.json({ error: error instanceof Error ? `${error.name}|${error.message}` : String(error) });
    }
  },
};

function streamedForm(): { body: ReadableStream | null; contentType: string | null } {
  const form = new FormData();
  form.append("prompt", "a boat");
  const response = new Response(form);
  return { body: response.body, contentType: response.headers.get("content-type") };
}
