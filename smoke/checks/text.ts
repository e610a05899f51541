import { type Check, described, Failure, pass } from "../check.ts";
import { callsOf, sentenceOf } from "../job-figures.ts";

const work = described(({ text }) => ({ kind: "classification", text, options: { topK: 2 } }));

export const textLabels: Check = {
  name: "text",
  work: [work],
  async run(smoke) {
    const job = await smoke.complete(work);
    const [best] = job.labels;
    if (best === undefined) {
      throw new Failure(
        `Job ${job.id} completed without a label.`,
        "Look at its calls' `shape`: the model answers otherwise.",
      );
    }
    return pass(`${best.label} (${best.score.toFixed(2)}). ${sentenceOf(job, callsOf(job))}`);
  },
};
