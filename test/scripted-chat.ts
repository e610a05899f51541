// What the scripted text models answer: at once, or token by token.
import type { ChatEvent } from "../local/shapes.ts";

const encoder = new TextEncoder();

export interface Chat {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly isStream: boolean;
}

export function isChat(inputs: Record<string, unknown>): boolean {
  return Array.isArray(inputs["messages"]);
}

export function chatOf(inputs: Record<string, unknown>): Chat {
  return { messages: inputs["messages"] as Chat["messages"], isStream: inputs["stream"] === true };
}

export function lastMessage({ messages }: Chat): string {
  return messages.at(-1)?.content ?? "";
}

/** The answers that a prompt lists between `<<` and `>>`, as a JSON list: one for each time that it is asked. Null for none. */
export function listedAnswer({ messages }: Chat): { response: string; usage: object } | null {
  const script = messages.map(({ content }) => content).join("\n");
  const [, listed] = /<<(.*?)>>/s.exec(script) ?? [];
  if (listed === undefined) return null;
  const answers = JSON.parse(listed) as readonly string[];
  const response = answers[Math.min(timesAnswered({ messages }), answers.length - 1)] ?? "";
  const written = Number(/wrote:(\d+)/.exec(script)?.[1] ?? 7);
  return { response, usage: { prompt_tokens: 20, completion_tokens: written, total_tokens: 20 + written } };
}

export function timesAnswered({ messages }: Pick<Chat, "messages">): number {
  return messages.filter(({ role }) => role === "assistant").length;
}

/** How the answer begins tells what was read: its first and its last words. */
export function wholeAnswer(chat: Chat): { response: string; usage: object } {
  const material = lastMessage(chat).split("\n").slice(1, -3).join(" ");
  const words = material.split(/\s+/);
  const response = `From ${words[0]} to ${words.at(-1)}.`;
  return { response, usage: { prompt_tokens: words.length, completion_tokens: 5 } };
}

/** `tokens:<n>x<ms>`, `break:<n>`, `cut-off` for the end of a text that was cut; by default three tokens at once. */
export function streamedAnswer(
  script: string,
  {
    signal,
    event,
    onToken,
    onStop,
  }: {
    signal: AbortSignal | undefined;
    event: (said: ChatEvent) => object;
    onToken: () => void;
    onStop: () => void;
  },
): Response {
  const [, count = "3", pauseMs = "0"] = /tokens:(\d+)x(\d+)/.exec(script) ?? [];
  const breaksAfter = Number(/break:(\d+)/.exec(script)?.[1] ?? Number.POSITIVE_INFINITY);
  let isStopped = false;
  const stop = () => {
    if (!isStopped) onStop();
    isStopped = true;
  };
  signal?.addEventListener("abort", stop);
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (said: ChatEvent) => controller.enqueue(encoder.encode(`data: ${JSON.stringify(event(said))}\n\n`));
      for (let index = 0; index < Number(count); index += 1) {
        if (Number(pauseMs) > 0) await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)));
        if (isStopped) return;
        if (index === breaksAfter) return controller.error(new Error("3043: the model broke off"));
        onToken();
        send({ text: `token${index} ` });
      }
      const usage = { prompt_tokens: 100, completion_tokens: Number(count) };
      const isCut = script.includes("cut-off");
      send({ text: "", usage: script.includes("unpriced") ? usage : { ...usage, neurons: 2.5 }, isCut });
      controller.enqueue(encoder.encode("data: [DONE]\n\n"));
      controller.close();
    },
    cancel: stop,
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", "x-darkroom-engine": "scripted" } });
}
