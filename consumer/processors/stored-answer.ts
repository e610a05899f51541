import type { TaskContext } from "./processor.ts";
import { recallJson } from "./reuse-result.ts";
import { storeArtifact } from "./store-artifact.ts";

/**
 * An answer of a task that asks more than once: bought, and stored with what it alone cost before anything else is done.
 * An attempt after one whose consumer died asks only for what is missing. One at a time: the calls in between are its own.
 */
export async function boughtAnswer<T>(context: TaskContext, name: string, ask: () => Promise<T>): Promise<T> {
  const known = await recallJson<T>(context, name);
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
