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
        "Look at the `shape` of its calls: the model answers in another shape.",
      );
    }
    return pass(`${best.label} (${best.score.toFixed(2)}). ${sentenceOf(job, callsOf(job))}`);
  },
};
