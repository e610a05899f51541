// The runtimes on which tests run. A start takes four seconds of CPU, so all test files of a process share one runtime, except
// those that need another configuration.
import { createTestHarness, unstable_readConfig as readConfig } from "wrangler";

import { type Control, CONTROL_URL, DATABASE_URL, FEW_REQUESTS, FEW_REQUESTS_A_MINUTE, IMAGES } from "./controlled.ts";
import { prebuilt, PRODUCT } from "./prebuilt.ts";
import { type D1Answer, type D1Call, remoteDatabase, writeCall } from "./remote-d1.ts";
import { SCRIPTED_MODELS } from "./scripted-models.ts";

export interface RuntimeOptions {
  readonly edit?: (config: LocalConfig) => LocalConfig;
}

export type Vars = Readonly<Record<string, string>>;
export type Runtime = Awaited<ReturnType<typeof takeRuntime>>;
type Started = Awaited<ReturnType<typeof start>>;
type LocalConfig = Pick<ReturnType<typeof readConfig>, (typeof CONFIGURED)[number]>;

const CONFIGURED = [
  "name",
  "compatibility_date",
  "compatibility_flags",
  "alias",
  "services",
  "r2_buckets",
  "d1_databases",
  "queues",
  "ratelimits",
  "vars",
  // The page is in dashboard/dist, which the setup builds.
  "assets",
] as const;

let shared: Started | undefined;
/** The variables of the users of the shared runtime. The last ones apply. */
const takers: Vars[] = [];

/** Take a runtime with these variables, until it is released. */
export async function takeRuntime(given: Vars, options: RuntimeOptions) {
  const vars: Vars = { WAKE_GRACE_SECONDS: "60", ...given };
  const isShared = Object.keys(options).length === 0;
  const started = isShared ? (shared ??= await start({})) : await start(options);
  if (takers.length === 0) {
    // A call that continues to sleep would block the queues.
    await started.models.fetch("http://ai/?forget=");
    started.server.clearLogs();
  }
  if (isShared) takers.push(vars);
  await started.control({ vars });
  return {
    ...started,
    env: { ...started.env, ...vars, DB: remoteDatabase((call) => started.query(call)) },
    /** Set additional variables until the stores are emptied for the next test. */
    configure: (more: Vars) => started.control({ vars: { ...vars, ...more } }),
    /** Empty the stores, except for these keys. */
    empty: (keys: NonNullable<Control["keys"]>) => started.control({ vars, keys }),
    async release(): Promise<void> {
      if (!isShared) return started.server.close();
      takers.splice(takers.indexOf(vars), 1);
      const outer = takers.at(-1);
      // Tasks that still run find nothing to continue with.
      await started.control(outer === undefined ? { vars: {}, keys: [] } : { vars: outer });
    },
  };
}

async function start(options: RuntimeOptions) {
  const server = createTestHarness({ workers: [product(options), SCRIPTED_MODELS] });
  const { url } = await server.listen();
  const worker = server.getWorker<Env>();
  await worker.applyD1Migrations("DB");
  return {
    server,
    worker,
    models: server.getWorker<{ DEAD_LETTERS: Queue }>("darkroom-local-ai"),
    env: await worker.getEnv(),
    origin: url.origin,
    async query(call: D1Call): Promise<D1Answer> {
      const response = await worker.fetch(DATABASE_URL, { method: "POST", body: writeCall(call) });
      return (await response.json()) as D1Answer;
    },
    async control(control: Control): Promise<void> {
      const response = await worker.fetch(CONTROL_URL, { method: "POST", body: JSON.stringify(control) });
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    },
  };
}

/** The product's local configuration. */
export function readLocalConfig(): LocalConfig {
  const all = readConfig({ config: "./wrangler.jsonc", env: "local" });
  return Object.fromEntries(CONFIGURED.map((key) => [key, all[key]])) as LocalConfig;
}

/** Return the same configuration with the changes of a test. */
function product(options: RuntimeOptions) {
  const { edit = (config) => config } = options;
  const local = readLocalConfig();
  const few = {
    name: FEW_REQUESTS,
    namespace_id: "1002",
    simple: { limit: FEW_REQUESTS_A_MINUTE, period: 60 },
  } as const;
  const config = edit({ ...local, ratelimits: [...local.ratelimits, few] });
  const images = { binding: IMAGES };
  // The wrapped `fetch` needs to know its invocation.
  return {
    config: {
      ...config,
      images,
      ...prebuilt(PRODUCT),
      compatibility_flags: [...config.compatibility_flags, "nodejs_als"],
    },
  };
}
