import type { ModelCall } from "../../shared/models/model-call.ts";
import { artifactKey } from "../../shared/uploads/storage.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import type { TaskContext } from "./processor.ts";

/** The name of the metadata in which a stored result carries what was paid for it. */
const CALLS = "calls";
/** And since which edit of its task it was made, where there was one. */
const EDITED = "edited-after";

/** R2 metadata that lets a later attempt take this result over. */
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
 * A result that an attempt of this task stored before its consumer died, or although R2 said otherwise: it has been paid
 * for, and is not asked for again. What it cost is then this attempt's, unless that one could still say so itself.
 * @param name the artifact's name, or how it begins where the answer decides how it ends.
 * @returns null where no attempt got so far.
 */
export async function recall(
  { jobId, media, calls, earlierAttempts, mayBeStored, editedAfter }: TaskContext,
  name: string,
): Promise<R2Object | null> {
  for (const { number: attempt, isAccounted } of await earlierAttempts()) {
    const prefix = artifactKey(jobId, attempt, name);
    const { objects } = await patiently(() =>
      media.list({ prefix, limit: 1, include: ["httpMetadata", "customMetadata"] }),
    );
    const [object] = objects;
    const metadata = object?.customMetadata ?? {};
    const paid = metadata[CALLS];
    if (object === undefined || paid === undefined) continue;
    const bought = JSON.parse(paid) as ModelCall[]; // our own JSON, from paidFor
    if (mayBeStored && !isAnswer(bought, metadata, editedAfter)) continue;
    if (!isAccounted) calls.push(...bought.map((call) => ({ ...call, recalledFrom: attempt, durationMs: null })));
    return object;
  }
  return null;
}

/** The JSON of such a result. */
export async function recallJson<T>(context: TaskContext, name: string): Promise<T | null> {
  const found = await recall(context, name);
  if (found === null) return null;
  return patiently(async () => (await context.media.get(found.key))?.json<T>() ?? null);
}
