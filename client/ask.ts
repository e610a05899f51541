import { segment } from "./address.ts";
import type { AskRequest, AskStart, AskText, AskUsage } from "./types.ts";
import { DarkroomError, errorOf, ownError, type ProblemFields } from "./error.ts";
import type { CallOptions, Http } from "./http.ts";
import { readEvents } from "./sse.ts";

export interface AskOptions extends CallOptions, Omit<AskRequest, "question"> {
  /** Gets the question, and which parts of the recording the model was given. */
  readonly onStart?: (start: AskStart) => void;
  /** Gets the cost of the answer, when the answer is complete. */
  readonly onUsage?: (usage: AskUsage) => void;
}

/**
 * Ask a question and yield the answer as the model writes it, piece by piece. Leaving the loop stops the model.
 * @throws DarkroomError if the job cannot be asked about, or if the model does not answer or breaks off.
 */
export async function* askJob(
  http: Http,
  id: string,
  { signal, onStart, onUsage, ...request }: AskOptions & Pick<AskRequest, "question">,
): AsyncGenerator<string, void> {
  const headers = { accept: "text/event-stream" };
  const response = await http.send("POST", `/v1/jobs/${segment(id)}/ask`, {
    signal,
    headers,
    json: request,
  });
  if (!response.ok) throw await errorOf(response);
  if (response.body === null) throw new Error("the answer has no body; an event stream was expected");
  for await (const { event, data } of readEvents(response.body)) {
    if (event === "start") onStart?.(JSON.parse(data) as AskStart);
    else if (event === "usage") onUsage?.(JSON.parse(data) as AskUsage);
    else if (event === "done") return;
    else if (event === "error") throw new DarkroomError(JSON.parse(data) as ProblemFields);
    else if (event === "message") yield (JSON.parse(data) as AskText).text;
  }
  throw ownError("answer_cut", "The answer was cut off", "The stream ended before the model had finished. Ask again.");
}
