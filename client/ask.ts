import { DarkroomError, errorOf, type ProblemFields } from "./error.ts";
import type { CallOptions, Http } from "./http.ts";
import { readEvents } from "./sse.ts";

export interface AskOptions extends CallOptions {
  /** Which text model answers; by default the smallest. */
  readonly tier?: "fast" | "balanced" | "accurate";
}

/**
 * The answer to a question about a job's transcript or text, piece by piece as the model writes it. Leaving the loop ends
 * the model. Not tried again: it would be paid for again.
 * @throws DarkroomError also for a model that breaks off.
 */
export async function* askJob(
  http: Http,
  path: string,
  question: string,
  { tier, signal }: AskOptions = {},
): AsyncGenerator<string> {
  const json = { question, ...(tier !== undefined && { tier }) };
  const response = await http.send("POST", path, { signal, json, headers: { accept: "text/event-stream" } });
  if (!response.ok) throw await errorOf(response);
  if (response.body === null) throw new Error("an event stream without a body");
  for await (const { event, data } of readEvents(response.body)) {
    if (data === "[DONE]") return;
    if (event === "error") throw new DarkroomError(JSON.parse(data) as ProblemFields);
    if (event !== "message") continue;
    const { response: text } = JSON.parse(data) as { readonly response?: string };
    if (text !== undefined && text !== "") yield text;
  }
}
