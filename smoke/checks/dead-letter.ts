import type { Client, DeadLetter, Job } from "../../client/index.ts";
import { type Check, described, Failure, pass } from "../check.ts";

const work = described(({ text }) => ({ kind: "classification", text: `${text} Once more.`, options: {} }));
/** Below the price of any call: the task becomes a dead letter before a model is asked. */
const TOO_LITTLE = 0.0001;

/** A job that fails without any cost, and the redrive of its dead letter. */
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
        `Job ${id} ${failed.state}, although it was not allowed to cost anything.`,
        "The limit of the job's cost does not work. See docs/cost.md, Budgets.",
      );
    }
    const letter = await smoke.until(() => letterOf(client, failed), smoke.waits.deliveryMs);
    if (letter === null) {
      throw new Failure(`Job ${id} failed without a dead letter.`, "docs/operations.md, D1 is overloaded or down.");
    }
    await client.deadLetters.redrive(letter.id, { maxNeurons: terms.maxNeurons });
    const redriven = await smoke.end(id);
    if (redriven.state !== "completed") {
      throw new Failure(
        `Its dead letter was redriven, but job ${id} ${redriven.state} again.`,
        "GET /v1/dead-letters says why.",
      );
    }
    return pass("A failed job left a dead letter, and completed after a redrive.");
  },
};

/** The list is newest first and may have many newer letters. No letter of a job is older than the job. */
async function letterOf(client: Client, job: Job): Promise<DeadLetter | null> {
  for await (const letter of client.deadLetters.list({ limit: 100 })) {
    if (letter.jobId === job.id) return letter;
    if (Date.parse(letter.createdAt) < Date.parse(job.createdAt)) return null;
  }
  return null;
}
