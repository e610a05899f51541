// The platform's limit that no simulator enforces: in an invocation, six calls wait for response headers at a time, and the seventh
// waits for its turn (https://developers.cloudflare.com/workers/platform/limits/#simultaneous-open-connections and, for D1,
// https://developers.cloudflare.com/d1/platform/limits/, read 2026-11-29). Whether a call to a model counts is not documented:
// it counts here, which is the harder case.

export const OPEN_CONNECTIONS = 6;

/** The connections of one invocation. */
export interface SixConnections {
  run<T>(call: () => Promise<T>): Promise<T>;
  /** The number of calls that have waited for their turn so far. */
  readonly waited: number;
}

export function createSixConnections(): SixConnections {
  let open = 0;
  let waited = 0;
  const waiting: (() => void)[] = [];
  return {
    async run(call) {
      if (open >= OPEN_CONNECTIONS) {
        waited += 1;
        await new Promise<void>((start) => {
          waiting.push(start);
        });
      }
      open += 1;
      try {
        return await call();
      } finally {
        open -= 1;
        waiting.shift()?.();
      }
    },
    get waited() {
      return waited;
    },
  };
}

/** Return the bindings of an invocation whose calls take turns. */
export function underSix(env: Env, six: SixConnections): Env {
  return {
    ...env,
    DB: databaseUnder(env.DB, six),
    MEDIA: bucketUnder(env.MEDIA, six),
    AI: callsUnder(env.AI, six, () => true),
    UPLOADS: callsUnder(env.UPLOADS, six, () => true),
    TASKS: callsUnder(env.TASKS, six, () => true),
    DEAD_LETTERS: callsUnder(env.DEAD_LETTERS, six, () => true),
  };
}

/** A multipart upload is resumed without a call, and its later operations are calls. */
function bucketUnder(bucket: R2Bucket, six: SixConnections): R2Bucket {
  const uploadUnder = (upload: R2MultipartUpload) => callsUnder(upload, six, () => true);
  return callsUnder(bucket, six, () => true, {
    resumeMultipartUpload: (...args: Parameters<R2Bucket["resumeMultipartUpload"]>) =>
      uploadUnder(bucket.resumeMultipartUpload(...args)),
    createMultipartUpload: (...args: Parameters<R2Bucket["createMultipartUpload"]>) =>
      six.run(async () => uploadUnder(await bucket.createMultipartUpload(...args))),
  });
}

function databaseUnder(db: D1Database, six: SixConnections): D1Database {
  const originals = new WeakMap<object, D1PreparedStatement>();
  const statementUnder = (statement: D1PreparedStatement): D1PreparedStatement => {
    const under = callsUnder(statement, six, (name) => name !== "bind", {
      bind: (...values: readonly unknown[]) => statementUnder(statement.bind(...values)),
    });
    originals.set(under, statement);
    return under;
  };
  return callsUnder(db, six, (name) => name === "exec" || name === "dump", {
    prepare: (sql: string) => statementUnder(db.prepare(sql)),
    batch: (statements: readonly D1PreparedStatement[]) =>
      six.run(() => db.batch(statements.map((one) => originals.get(one) ?? one))),
  });
}

/** Return an object whose methods are calls, except for those given here. */
function callsUnder<T extends object>(
  target: T,
  six: SixConnections,
  isCall: (name: string) => boolean,
  given: Readonly<Record<string, unknown>> = {},
): T {
  return new Proxy(target, {
    get(from, name) {
      if (typeof name === "string" && Object.hasOwn(given, name)) return given[name];
      const method: unknown = Reflect.get(from, name, from);
      if (typeof method !== "function") return method;
      if (typeof name !== "string" || !isCall(name)) return method.bind(from) as unknown;
      return (...args: readonly unknown[]): unknown => six.run(async () => Reflect.apply(method, from, args));
    },
  });
}
