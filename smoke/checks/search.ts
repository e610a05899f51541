import { type Check, described, Failure, pass } from "../check.ts";
import { seconds } from "../job-figures.ts";

const work = described(({ text }) => ({ kind: "classification", text, options: {}, then: ["embed"] }));

/** Whether what a job was given is found again, by its words and by its meaning. */
export const search: Check = {
  name: "search",
  work: [work],
  // Of a few words, each of the times that the index is asked.
  askedNeurons: 1,
  async run(smoke) {
    const { client, media, waits, seen } = smoke;
    const { id } = await smoke.complete(work);
    const startedAt = Date.now();
    const ways = new Set<string>();
    let degraded: string | null = null;
    const look = async () => {
      const answer = await client.search(media.text, { jobId: id });
      seen.searchNeurons += answer.neurons;
      ({ degraded } = answer);
      for (const hit of answer.hits) if (hit.jobId === id) for (const way of hit.foundBy) ways.add(way);
      return degraded !== null || ways.size === 2 ? ways : null;
    };
    await smoke.until(look, waits.indexMs);
    if (!ways.has("words")) {
      throw new Failure(
        "A job's text is not found by its words.",
        "Rebuild the index: docs/operations.md, Searches go by words alone.",
      );
    }
    if (degraded !== null) throw new Failure(degraded, "docs/operations.md, Searches go by words alone.");
    if (!ways.has("meaning")) {
      const means = `A job's text is not found by its meaning within ${seconds(waits.indexMs)}.`;
      const todo =
        "npx wrangler vectorize list-metadata-index darkroom-passages must name space, jobId and kind: vectors written before them are not found. bin/provision makes them.";
      throw new Failure(means, todo);
    }
    return pass(
      `A text is found by its words and by its meaning, ${seconds(Date.now() - startedAt)} after its job ended.`,
    );
  },
};
