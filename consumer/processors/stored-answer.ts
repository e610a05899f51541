import type { TaskContext } from "./processor.ts";
import { reuseJson } from "./reuse-result.ts";
import { storeArtifact } from "./store-artifact.ts";

/**
 * One answer of a task that asks a model more than once. It is stored with its own cost before anything else is done, so that
 * an attempt after one whose consumer died asks only for what is missing. Ask one at a time: every call in between is counted
 * as this answer's.
 */
export async function storedAnswer<T>(context: TaskContext, name: string, ask: () => Promise<T>): Promise<T> {
  const known = await reuseJson<T>(context, name);
  if (known !== null) return known;
  const before = context.calls.length;
  const answer = await ask();
  await storeArtifact(context, {
    name,
    contentType: "application/json",
    body: JSON.stringify(answer),
    paid: context.calls.slice(before),
  });
  return answer;
}
