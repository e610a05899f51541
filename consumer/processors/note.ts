import type { Attempt } from "../runner/attempt.ts";

/** Let the job show these notices about its result. They belong to the last call that the attempt has accounted for. */
export function note({ calls }: Pick<Attempt, "calls">, notices: readonly string[]): void {
  const last = notices.length === 0 ? undefined : calls.pop();
  if (last !== undefined) calls.push({ ...last, notices });
}
