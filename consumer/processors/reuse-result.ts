import { callId, findRecalled } from "../../shared/db/tasks/leases.ts";
import type { ModelCall } from "../../shared/models/model-call.ts";
import { artifactKey } from "../../shared/uploads/storage.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import type { Attempt } from "../runner/attempt.ts";
import { findStoringAttempts } from "./stored-attempts.ts";

/** The metadata field in which a stored result carries the calls that were paid for it. */
const CALLS = "calls";
/** The metadata field with the task's `editedAfter` when the result was made, if the task had been edited. */
const EDITED = "edited-after";

/** Return the R2 metadata that lets a later attempt reuse this result. */
export function paidFor(calls: readonly ModelCall[], editedAfter: number): Record<string, string> {
  return { [CALLS]: JSON.stringify(calls), ...(editedAfter > 0 && { [EDITED]: String(editedAfter) }) };
}

/**
 * Return whether a result that the database does not know is this task's answer. It must have been paid for (the join of a long
 * recording is not), and it must have been made for the task's present arguments.
 */
function isAnswer(calls: readonly ModelCall[], metadata: Record<string, string>, editedAfter: number): boolean {
  return calls.length > 0 && Number(metadata[EDITED] ?? 0) === editedAfter;
}

/**
 * Reuse a result that an attempt of this task stored before its consumer died, or stored although R2 answered with an error.
 * The result has been paid for, so the model is not asked again. Its cost is counted as this attempt's, unless the row of the
 * earlier attempt already has it, or that of another attempt that reused it.
 * @param name the artifact's name, or its beginning if the answer decides how it ends.
 * @returns null if no attempt got that far.
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
    if (!isAccounted) {
      // Another attempt may have reused the same result, and failed for another reason.
      const recalled = await findRecalled(deps.db, task.id);
      const due = paidCalls.filter((call) => !recalled.has(callId(call)));
      calls.push(...due.map((call) => ({ ...call, recalledFrom: attempt, durationMs: null })));
    }
    return object;
  }
  return null;
}
