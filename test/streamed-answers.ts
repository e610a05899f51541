// Asks for texts that are streamed, over connections that a test can break, and reads what the scripted models made of it.
import { readEvents, type ServerSentEvent } from "../client/sse.ts";
import { KEYS, type startDarkroom } from "./harness.ts";

export interface AskedWith {
  readonly signal?: AbortSignal;
  readonly accept?: string;
  readonly key?: string;
}

/** @param kind what usage calls these answers. */
export function streamedAnswers(darkroom: ReturnType<typeof startDarkroom>, kind: string) {
  /** Send a request to the harness's own port. */
  async function send(
    path: string,
    body: object,
    { signal, accept = "text/event-stream", key = KEYS.operator }: AskedWith = {},
  ): Promise<Response> {
    return fetch(`${darkroom.origin()}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, accept },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
  }

  /** Return, for the chat whose last message meets the condition, the number of its tokens and when it was stopped. */
  async function chatOf(isIt: (lastMessage: string) => boolean) {
    const { tokensMade, stopped, calls, chats } = await darkroom.modelCalls();
    const script = Object.keys(calls).find(isIt) ?? "";
    return { made: tokensMade[script] ?? 0, stoppedAt: stopped[script] ?? null, messages: chats[script] ?? [] };
  }

  async function usage() {
    const { results } = await darkroom
      .bindings()
      .DB.prepare(
        `SELECT model, calls, neurons, estimated_neurons AS estimated FROM usage_days
          WHERE kind = ?1 AND owner_id = 'operator' ORDER BY model`,
      )
      .bind(kind)
      .all<{ model: string; calls: number; neurons: number; estimated: number }>();
    return results;
  }

  return { send, chatOf, usage };
}

export async function collect(response: Response): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = [];
  for await (const event of readEvents(response.body!)) events.push(event);
  return events;
}
