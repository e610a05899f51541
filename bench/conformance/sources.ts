import { speech } from "../../test/speech.ts";
import type { Job } from "../../client/index.ts";
import { type Callers, expect } from "./case.ts";

export const WORDS = "one two three four";

/** A recording that says `WORDS`, as a file. */
export function recording(): File {
  return new File([speech(WORDS)], "talk.wav", { type: "audio/wav" });
}

/** A recording of over 5 MiB, so that it has two parts. */
export function longRecording(): File {
  return new File([speech(Array.from({ length: 360 }, (_, index) => `w${index}`).join(" "))], "long.wav");
}

/** Wait for a job, and check that it ended in this state. */
export async function ended({ client }: Callers, id: string, state: Job["state"] = "completed"): Promise<Job> {
  const job = await client.jobs.wait(id, { timeoutMs: 60_000 });
  expect(job.state === state, `job '${id}' is ${job.state}: ${job.error?.message ?? ""}`);
  return job;
}

export async function heard(callers: Callers): Promise<Job> {
  const { id } = await callers.client.uploads.put(recording(), { kind: "transcription" });
  return ended(callers, id);
}

let failures = 0;

/** Return the dead letter of a job that will succeed when it is redriven. */
export async function letterId(callers: Callers): Promise<string> {
  const prompt = `error:3010x1 ${(failures += 1)}`;
  const { id } = await callers.client.jobs.submit({ kind: "image_generation", prompt });
  await ended(callers, id, "failed");
  const [letter] = (await callers.client.deadLetters.list({ limit: 1 }).page()).items;
  expect(letter?.jobId === id, "the job that failed has no dead letter");
  return letter.id;
}

export async function until<T>(read: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  const end = Date.now() + 30_000;
  for (;;) {
    const value = await read();
    if (isDone(value)) return value;
    expect(Date.now() < end, `still not as expected after 30 s: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
