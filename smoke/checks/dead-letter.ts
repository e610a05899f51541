import type { Client, DeadLetter, Job } from "../../client/index.ts";
import { type Check, described, Failure, pass } from "../check.ts";

const work = described(({ text }) => ({ kind: "classification", text: `${text} Once more.`, options: {} }));
/** Below the price of any call: the task is given up on before a model is asked. */
const TOO_LITTLE = 0.0001;

/** A job that is given up on without paying anything, and its dead letter given another life. */
export const deadLetter: Check = {
  name: "dead-letter",
  work: [work],
  async run(smoke) {
    const { client, media } = smoke;
    const terms = smoke.termsOf(work);
    const { id } = await client.jobs.submit({ ...work.request(media), ...terms, maxNeurons: TOO_LITTLE });
    const failed = await smoke.end(id);
    if (failed.state !== "failed" || failed.error?.code !== "max_neurons_reached") {
      throw new Failure(
        `Job ${id} may cost nothing, and ${failed.state}.`,
        "Budgets do not hold. Compare with docs/cost.md, Budgets.",
      );
    }
    const letter = await smoke.until(() => letterOf(client, failed), smoke.waits.deliveryMs);
    if (letter === null) {
      throw new Failure(`Job ${id} failed, and left no dead letter.`, "docs/operations.md, D1 is overloaded or down.");
    }
    await client.deadLetters.redrive(letter.id, { maxNeurons: terms.maxNeurons });
    const redriven = await smoke.end(id);
    if (redriven.state !== "completed") {
      throw new Failure(
        `Its dead letter was redriven, and job ${id} ${redriven.state} again.`,
        "GET /v1/dead-letters says why.",
      );
    }
    return pass("A job that was given up on left a dead letter, and completed when that was redriven.");
  },
};

/** Newest first, however many have come since; none of a job is older than the job. */
async function letterOf(client: Client, job: Job): Promise<DeadLetter | null> {
  for await (const letter of client.deadLetters.list({ limit: 100 })) {
    if (letter.jobId === job.id) return letter;
    if (Date.parse(letter.createdAt) < Date.parse(job.createdAt)) return null;
  }
  return null;
}
