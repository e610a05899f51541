import type { AnswerDone, AnswerText, AnswerUsage } from "./types.ts";
import { DarkroomError, errorOf, ownError, type ProblemFields } from "./error.ts";
import type { CallOptions, Http } from "./http.ts";
import { readEvents } from "./sse.ts";

/** What a stream reports besides the text. */
export interface AnswerEvents<Start> {
  /** Gets what is known before the first text, such as the model. */
  readonly onStart?: ((start: Start) => void) | undefined;
  /** Gets the cost of the answer, when the answer is complete. */
  readonly onUsage?: ((usage: AnswerUsage) => void) | undefined;
  /** Gets the reason why the model stopped. */
  readonly onDone?: ((done: AnswerDone) => void) | undefined;
}

/** Send a request and yield the answer as the model writes it, piece by piece. */
export async function* streamAnswer<Start>(
  http: Http,
  path: string,
  json: object,
  { signal, onStart, onUsage, onDone }: CallOptions & AnswerEvents<Start>,
): AsyncGenerator<string, void> {
  const response = await http.send("POST", path, { signal, headers: { accept: "text/event-stream" }, json });
  if (!response.ok) throw await errorOf(response);
  if (response.body === null) throw new Error("the answer has no body; an event stream was expected");
  for await (const { event, data } of readEvents(response.body)) {
    if (event === "start") onStart?.(JSON.parse(data) as Start);
    else if (event === "usage") onUsage?.(JSON.parse(data) as AnswerUsage);
    else if (event === "done") return onDone?.(JSON.parse(data) as AnswerDone);
    else if (event === "error") throw new DarkroomError(JSON.parse(data) as ProblemFields);
    else if (event === "message") yield (JSON.parse(data) as AnswerText).text;
  }
  throw ownError("answer_cut", "The answer was cut off", "The stream ended before the model had finished. Ask again.");
}
