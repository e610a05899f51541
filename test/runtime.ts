// The runtimes that tests run on. Starting one takes four seconds of CPU: all test files that a process runs share one, but for
// those that need another configuration.
import { createTestHarness, unstable_readConfig as readConfig } from "wrangler";

import { type Control, CONTROL_URL, DATABASE_URL, FEW_REQUESTS, FEW_REQUESTS_A_MINUTE } from "./controlled.ts";
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
  // The page in dashboard/dist, which the set-up builds.
  "assets",
] as const;

let shared: Started | undefined;
/** The variables of those who have taken the shared runtime, the last one's in force. */
const takers: Vars[] = [];

/** A runtime with these variables, until it is released. */
export async function takeRuntime(given: Vars, options: RuntimeOptions) {
  const vars: Vars = { WAKE_GRACE_SECONDS: "60", ...given };
  const isShared = Object.keys(options).length === 0;
  const started = isShared ? (shared ??= await start({})) : await start(options);
  if (takers.length === 0) {
    // A call that slept on would hold up the queues.
    await started.models.fetch("http://ai/?forget=");
    started.server.clearLogs();
  }
  if (isShared) takers.push(vars);
  await started.control({ vars });
  return {
    ...started,
    env: { ...started.env, ...vars, DB: remoteDatabase((call) => started.query(call)) },
    /** Beside its own, until the stores are emptied for the next test. */
    configure: (more: Vars) => started.control({ vars: { ...vars, ...more } }),
    /** Leave nothing in the stores but these keys. */
    empty: (keys: NonNullable<Control["keys"]>) => started.control({ vars, keys }),
    async release(): Promise<void> {
      if (!isShared) return started.server.close();
      takers.splice(takers.indexOf(vars), 1);
      const outer = takers.at(-1);
      // What is still under way finds nothing to go on with.
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

/** The product's configuration for this machine. */
export function readLocalConfig(): LocalConfig {
  const all = readConfig({ config: "./wrangler.jsonc", env: "local" });
  return Object.fromEntries(CONFIGURED.map((key) => [key, all[key]])) as LocalConfig;
}

/** The same but for what a test asks for. */
function product(options: RuntimeOptions) {
  const { edit = (config) => config } = options;
  const local = readLocalConfig();
  const few = {
    name: FEW_REQUESTS,
    namespace_id: "1002",
    simple: { limit: FEW_REQUESTS_A_MINUTE, period: 60 },
  } as const;
  const config = edit({ ...local, ratelimits: [...local.ratelimits, few] });
  // The wrapped `fetch` asks which invocation it is of.
  const main = "test/product-worker.ts";
  return { config: { ...config, main, compatibility_flags: [...config.compatibility_flags, "nodejs_als"] } };
}
