/** A database and a bucket that die after one of their operations, before its answer; `died` tells whether it came to that. */
export function dying({ DB, MEDIA }: Env, operation: number) {
  const state = { operations: 0, isDead: false };
  const guarded = async (call: () => unknown) => {
    if (state.isDead) throw new Error("dead");
    state.operations += 1;
    state.isDead = state.operations === operation;
    const made = await call();
    if (state.isDead) throw new Error("dead");
    return made;
  };
  const originals = new WeakMap<object, D1PreparedStatement>();
  const statement = (original: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(original, {
      get(target, name) {
        if (name === "bind") return (...values: unknown[]) => statement(target.bind(...values));
        return async (...args: unknown[]) =>
          guarded(() => Reflect.apply(Reflect.get(target, name) as () => unknown, target, args));
      },
    });
    originals.set(proxy, original);
    return proxy;
  };
  const db = new Proxy(DB, {
    get: (target, name) =>
      name === "prepare"
        ? (sql: string) => statement(target.prepare(sql))
        : async (all: readonly D1PreparedStatement[]) =>
            guarded(() => target.batch(all.map((one) => originals.get(one) ?? one))),
  });
  const media = new Proxy(MEDIA, {
    get:
      (target, name) =>
      async (...args: unknown[]) =>
        guarded(() => Reflect.apply(Reflect.get(target, name) as () => unknown, target, args)),
  });
  return { db, media, died: () => state.isDead };
}
