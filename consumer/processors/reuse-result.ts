import type { ModelCall } from "../../shared/models/model-call.ts";
import { artifactKey } from "../../shared/uploads/storage.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import type { Attempt } from "../runner/attempt.ts";
import { findStoringAttempts } from "./stored-attempts.ts";

/** The name of the metadata in which a stored result carries what was paid for it. */
const CALLS = "calls";
/** And since which edit of its task it was made, where there was one. */
const EDITED = "edited-after";

/** R2 metadata that lets a later attempt reuse this result. */
export function paidFor(calls: readonly ModelCall[], editedAfter: number): Record<string, string> {
  return { [CALLS]: JSON.stringify(calls), ...(editedAfter > 0 && { [EDITED]: String(editedAfter) }) };
}

/**
 * Whether a result that the database knows nothing of is this task's answer: it was paid for, which the join of a long
 * recording was not, and made for the arguments that the task has.
 */
function isAnswer(calls: readonly ModelCall[], metadata: Record<string, string>, editedAfter: number): boolean {
  return calls.length > 0 && Number(metadata[EDITED] ?? 0) === editedAfter;
}

/**
 * Reuse a result that an attempt of this task stored before its consumer died, or stored although R2 answered with an error:
 * it has been paid for, so the model is not asked again. Its cost is then this attempt's, unless the row of that attempt
 * already has it.
 * @param name the artifact's name, or how it begins where the answer decides how it ends.
 * @returns null where no attempt got so far.
 */
export async function reuseResult(
  { task, calls }: Attempt,
  name: string,
  deps: { db: D1Database; media: R2Bucket },
): Promise<R2Object | null> {
  const { jobId, mayBeStored, editedAfter } = task;
  for (const { number: attempt, isAccounted } of await findStoringAttempts(task, deps)) {
    const prefix = artifactKey(jobId, attempt, name);
    const { objects } = await patiently(() =>
      deps.media.list({ prefix, limit: 1, include: ["httpMetadata", "customMetadata"] }),
    );
    const [object] = objects;
    const metadata = object?.customMetadata ?? {};
    const paid = metadata[CALLS];
    if (object === undefined || paid === undefined) continue;
    const paidCalls = JSON.parse(paid) as ModelCall[]; // our own JSON, from paidFor
    if (mayBeStored && !isAnswer(paidCalls, metadata, editedAfter)) continue;
    if (!isAccounted) calls.push(...paidCalls.map((call) => ({ ...call, recalledFrom: attempt, durationMs: null })));
    return object;
  }
  return null;
}
