import { countFailures } from "../../shared/db/tasks/leases.ts";
import type { StoredArtifact } from "../../shared/jobs/outcome.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import type { Attempt, MediaOf } from "../runner/attempt.ts";
import { reuseResult } from "./reuse-result.ts";
import { type NewArtifact, storeArtifact } from "./store-artifact.ts";

/** The results of tasks in R2: an attempt stores them, and a later attempt reuses them. */
export interface Results {
  store(attempt: Attempt, artifact: NewArtifact): Promise<StoredArtifact>;
  /** See `reuseResult`. */
  reuse(attempt: Attempt, name: string): Promise<R2Object | null>;
  /** Reuse a stored result that is JSON. */
  reuseJson<T>(attempt: Attempt, name: string): Promise<T | null>;
  /**
   * Return one answer of a task that asks a model more than once. The answer is stored with its own cost before anything else
   * is done: after an attempt whose consumer died, the next one asks only for what is missing. Ask one at a time: every call in
   * the meantime is counted as part of this answer's cost.
   */
  storedAnswer<T>(attempt: Attempt, name: string, ask: () => Promise<T>): Promise<T>;
  /** Return how many earlier attempts of the task, with the same options, have ended its work with this code. */
  timesFailed(attempt: Attempt, code: string): Promise<number>;
}

export function createResults({ db, media }: { db: D1Database; media: MediaOf }): Results {
  const results: Results = {
    store: (attempt, artifact) => storeArtifact(attempt, artifact, media(attempt)),
    reuse: (attempt, name) => reuseResult(attempt, name, { db, media: media(attempt) }),
    async reuseJson<T>(attempt: Attempt, name: string) {
      const found = await results.reuse(attempt, name);
      if (found === null) return null;
      return patiently(async () => (await media(attempt).get(found.key))?.json<T>() ?? null);
    },
    async storedAnswer<T>(attempt: Attempt, name: string, ask: () => Promise<T>) {
      const known = await results.reuseJson<T>(attempt, name);
      if (known !== null) return known;
      const before = attempt.calls.length;
      const answer = await ask();
      const paid = attempt.calls.slice(before);
      await results.store(attempt, { name, contentType: "application/json", body: JSON.stringify(answer), paid });
      return answer;
    },
    timesFailed: ({ task }, code) => countFailures(db, task, code),
  };
  return results;
}
