import { segment } from "./address.ts";
import type { CallOptions, Http } from "./http.ts";
import { type AnswerEvents, streamAnswer } from "./stream-answer.ts";
import type { AskRequest, AskStart } from "./types.ts";

/** `onStart` gets which parts of the recording the model was given. */
export interface AskOptions extends CallOptions, Omit<AskRequest, "question">, AnswerEvents<AskStart> {}

/**
 * Ask a question and yield the answer as the model writes it, piece by piece. Leaving the loop stops the model.
 * @throws DarkroomError if the job cannot be asked about, or if the model does not answer or breaks off.
 */
export function askJob(
  http: Http,
  id: string,
  { signal, onStart, onUsage, onDone, ...request }: AskOptions & Pick<AskRequest, "question">,
): AsyncGenerator<string, void> {
  return streamAnswer(http, `/v1/jobs/${segment(id)}/ask`, request, { signal, onStart, onUsage, onDone });
}
