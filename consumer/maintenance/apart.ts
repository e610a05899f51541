// One thing that cannot be deleted must not hold up the others.

/** A run goes on after this many failures less one. If there are more, D1 or the bucket does not answer at all. */
const FAILURES_A_RUN = 3;

/** The same things in their order, but from any of them on, so that a few that always fail do not keep the same others from their turn. */
export function fromAnyOn<One>(all: readonly One[]): readonly One[] {
  const first = Math.floor(Math.random() * all.length);
  return [...all.slice(first), ...all.slice(0, first)];
}

/** Call for each, from any of them on, also after a failure. @throws the first error, after the others. */
export async function oneByOne<One>(all: readonly One[], call: (one: One) => Promise<void>): Promise<void> {
  const errors: unknown[] = [];
  for (const one of fromAnyOn(all)) {
    await call(one).catch((error: unknown) => errors.push(error));
    if (errors.length === FAILURES_A_RUN) break;
  }
  if (errors.length > 0) throw errors[0];
}

/** Call for all at once, and for each alone if that fails. @throws the first error, after the others. */
export async function togetherOrApart<One>(
  all: readonly One[],
  call: (some: readonly One[]) => Promise<void>,
): Promise<void> {
  await call(all).catch(() => oneByOne(all, (one) => call([one])));
}
