// The whole product as `npm start` runs it, under the watchdog, with parsers that never return for a marked object.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { unstable_readConfig as readConfig } from "wrangler";

import { createClient } from "../../bench/kill/client.ts";
import { stayOff } from "../../bench/kill/disk.ts";
import { openLedger } from "../../bench/kill/ledger.ts";
import { startSomewhere } from "../../bench/kill/start.ts";
import { keepRunning } from "../../local/keep-running.ts";
import { migratedFolder } from "../migrated.ts";

const ROOT = join(import.meta.dirname, "../..");

/** A short time, but long enough that even on a busy machine a runtime does something within it. */
export const WATCH = { checkEveryMs: 500, silentChecks: 6 };
export const WATCH_MS = WATCH.checkEveryMs * WATCH.silentChecks;

/** Longer than a lease and longer than a reading. */
const OFF_MS = 91_000;

const LOOK_EVERY_MS = 100;

export interface Outage {
  /** The time from the last answer until the watchdog gave up the runtime. */
  readonly hungMs: number;
  /** The time from then until the next runtime answered. */
  readonly restartMs: number;
}

/** `outages` are the outages so far. `said` is the output that the terminal of `npm start` would show. */
export async function startHanging() {
  const folder = await migratedFolder();
  const apart = { folder, wakeGraceSeconds: 2 };
  // The answers of a batch are still awaited when its deadly task hangs.
  const ledger = await openLedger(() => 1000);
  const stopping = new AbortController();
  const { signal } = stopping;
  const outages: Outage[] = [];
  const said: string[] = [];
  let url = "";
  let [answeredAt, lostAt, hungMs] = [0, 0, 0];

  const config = await writeConfig(folder);
  const { promise: started, resolve: onStarted } = Promise.withResolvers<void>();
  const running = keepRunning(
    {
      start: () => startSomewhere({ inferenceUrl: ledger.url, apart, config, signal }),
      say: (message) => {
        said.push(message);
        lostAt = Date.now();
        hungMs = lostAt - answeredAt;
      },
      signal,
      watch: WATCH,
      between: () => stayOff(join(folder, "state"), OFF_MS),
    },
    (runtime) => {
      ({ url } = runtime);
      if (lostAt > 0) outages.push({ hungMs, restartMs: Date.now() - lostAt });
      answeredAt = Date.now();
      onStarted();
    },
  );
  const looking = setInterval(() => {
    void fetch(`${url}/healthz`, { signal: AbortSignal.timeout(WATCH_MS) }).then(
      () => (answeredAt = Date.now()),
      () => undefined,
    );
  }, LOOK_EVERY_MS);
  await Promise.race([started, running]);

  return {
    client: createClient(() => url, folder),
    url: () => url,
    outages,
    said,
    async close(): Promise<void> {
      clearInterval(looking);
      stopping.abort();
      try {
        await running;
      } finally {
        await ledger.close();
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The product's configuration, with doubles of the two parsers. */
async function writeConfig(folder: string): Promise<string> {
  const config = readConfig({ config: join(ROOT, "wrangler.jsonc"), env: "local" });
  const { name, compatibility_date, compatibility_flags, services, r2_buckets, d1_databases, queues, vars } = config;
  const { alias, ratelimits, observability } = config;
  const doubles = ["image-size", "file-type"].map((parser) => [parser, join(import.meta.dirname, `${parser}.ts`)]);
  const real = Object.entries(alias ?? {}).map(([module, path]) => [module, join(ROOT, String(path))]);
  const path = join(folder, "wrangler.json");
  const bindings = { services, r2_buckets, d1_databases, queues, vars, ratelimits, observability };
  const main = join(ROOT, "worker.ts");
  const parsers = Object.fromEntries([...real, ...doubles]);
  await writeFile(
    path,
    JSON.stringify({
      name,
      main,
      compatibility_date,
      compatibility_flags,
      alias: parsers,
      env: { local: { name, ...bindings } },
    }),
  );
  return path;
}
