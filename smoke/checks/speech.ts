import { type Check, type Finding, Failure, pass, uploaded, type Work, type Smoke } from "../check.ts";
import { callsOf, sentenceOf } from "../job-figures.ts";
import { readText } from "../results.ts";

const recording = (request: Omit<(Work & { via: "upload" })["request"], "name" | "kind">, mostNeurons?: number) =>
  uploaded(
    (media) => media.speech,
    { name: "smoke.mp3", kind: "transcription", ...request },
    mostNeurons === undefined ? {} : { mostNeurons },
  );

const fast = recording({ options: { tier: "fast" } });
const balanced = recording({ options: { tier: "balanced" } });
// Twenty neurons pay for a dearer stand-in if the summarising model is gone, so that the check `answers` can report it.
const accurate = recording({ options: { tier: "accurate", language: "en" }, then: ["summarise"] }, 20);

export const speechFast: Check = { name: "speech-fast", work: [fast], run: (smoke) => transcribe(smoke, fast) };
export const speechBalanced: Check = {
  name: "speech-balanced",
  work: [balanced],
  run: (smoke) => transcribe(smoke, balanced),
};
/** The usual model, and a summary of its transcript. */
export const speech: Check = { name: "speech", work: [accurate], run: (smoke) => transcribe(smoke, accurate, true) };

async function transcribe(smoke: Smoke, work: Work, hasSummary = false): Promise<Finding> {
  const job = await smoke.complete(work);
  const text = (await smoke.client.jobs.transcript(job.id)).text.trim();
  if (text === "") {
    throw new Failure(
      `Job ${job.id} completed, but its transcript is empty.`,
      "Look at the `shape` of its calls: the model may answer in another shape.",
    );
  }
  if (hasSummary && (await readText(smoke, job, "summary.txt")) === "") {
    throw new Failure(`Job ${job.id} completed without its summary.`, "Look at the attempts of its task 'summarise'.");
  }
  return pass(`"${text.slice(0, 60)}"${hasSummary ? ", and a summary" : ""}. ${sentenceOf(job, callsOf(job))}`);
}
