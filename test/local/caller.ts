// A Worker that calls the AI binding as the product does: streams and thrown errors cross a real service binding.
interface Ai {
  run(model: string, inputs: Record<string, unknown>, options?: object): Promise<unknown>;
}

interface Call {
  readonly model: string;
  readonly inputs: Record<string, unknown>;
  readonly options?: object;
  /** The names of inputs to send as streamed forms with a prompt. */
  readonly forms?: readonly string[];
  /** Inputs to send as streams of these bytes, in base64. */
  readonly streams?: Readonly<Record<string, { readonly base64: string; readonly contentType?: string }>>;
  /** Pass on a raw response unchanged. */
  readonly passOn?: boolean;
  /** Disconnect after the first piece of a streamed answer, by the call's signal or by cancelling the stream. */
  readonly leave?: "abort" | "cancel";
}

export default {
  async fetch(request: Request, env: { AI: Ai }): Promise<Response> {
    const { model, inputs, options, forms = [], streams = {}, passOn, leave } = await request.json<Call>();
    const streamed = Object.fromEntries([
      ...forms.map((name) => [name, streamedForm()] as const),
      ...Object.entries(streams).map(
        ([name, { base64, ...type }]) => [name, { body: toStream(base64), ...type }] as const,
      ),
    ]);
    try {
      const call = new AbortController();
      const signal = leave === "abort" ? { signal: call.signal } : {};
      const answer = await env.AI.run(model, { ...inputs, ...streamed }, { ...options, ...signal });
      if (leave !== undefined) return Response.json({ first: await readFirst(bodyOf(answer), leave, call) });
      if (passOn === true && answer instanceof Response) return answer;
      // The local runtime's proxy holds back a stream without a content type until it ends.
      if (answer instanceof ReadableStream)
        return new Response(answer, { headers: { "content-type": "text/event-stream" } });
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

function toStream(base64: string): ReadableStream | null {
  return new Response(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))).body;
}

function bodyOf(answer: unknown): ReadableStream<Uint8Array> {
  const body = answer instanceof Response ? answer.body : answer;
  if (!(body instanceof ReadableStream)) throw new Error("the answer is no stream");
  return body;
}

async function readFirst(
  body: ReadableStream<Uint8Array>,
  leave: "abort" | "cancel",
  call: AbortController,
): Promise<string> {
  const reader = body.getReader();
  const { value } = await reader.read();
  if (leave === "abort") call.abort();
  else await reader.cancel();
  return new TextDecoder().decode(value);
}
