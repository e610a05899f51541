import { type Check, described, Failure, pass } from "../check.ts";
import { seconds } from "../job-figures.ts";

const work = described(({ text }) => ({ kind: "classification", text, options: {}, then: ["embed"] }));

/** Whether a search finds a job's text, by its words and by its meaning. */
export const search: Check = {
  name: "search",
  work: [work],
  // A question of a few words, each time that the index is queried.
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
        "A search by words does not find a job's text.",
        "Rebuild the index: docs/operations.md, Searches use only words.",
      );
    }
    if (degraded !== null) throw new Failure(degraded, "See docs/operations.md, Searches use only words.");
    if (!ways.has("meaning")) {
      const means = `A search by meaning does not find a job's text within ${seconds(waits.indexMs)}.`;
      const todo =
        "npx wrangler vectorize list-metadata-index darkroom-passages must show space, jobId and kind. bin/provision creates them. Searches do not find vectors written before that.";
      throw new Failure(means, todo);
    }
    return pass(
      `Searches by words and by meaning find a text, ${seconds(Date.now() - startedAt)} after its job ended.`,
    );
  },
};
