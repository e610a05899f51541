import { createTestHarness, type TestHarnessOptions, unstable_readConfig as readConfig } from "wrangler";

import type { TutorialEnv } from "./workers/tutorial.ts";

type WorkerInput = TestHarnessOptions["workers"][number];
type DarkroomConfig = ReturnType<typeof readConfig>;

export type Bench = Awaited<ReturnType<typeof startBench>>;

// Without this, wrangler prints a line for every batch and every request.
process.env["WRANGLER_LOG"] ??= "error";

const CONFIGURED = { configPath: "./wrangler.jsonc", env: "local" };
const NAME = "darkroom-local";
const CREATE_RESULTS = `CREATE TABLE results (
  id TEXT PRIMARY KEY, source_key TEXT NOT NULL, result_key TEXT NOT NULL, labels TEXT NOT NULL, created_at INTEGER NOT NULL
)`;

/**
 * Start both consumers, the stand-in for the models and the Worker that says hello, in one workerd. Counted consumers are started
 * separately, so that counting does not affect measured times.
 * @param main another entry file for our consumer.
 */
export async function startBench({ counted, main }: { counted: boolean; main?: string }) {
  const config = readLocal();
  const server = createTestHarness({
    workers: [
      counted || main !== undefined ? darkroomFrom(main ?? "bench/workers/counted-darkroom.ts", config) : CONFIGURED,
      tutorial(config, counted ? "bench/workers/counted-tutorial.ts" : "bench/workers/tutorial.ts"),
      plain(config, "darkroom-local-ai", "bench/workers/timed-ai.ts"),
      plain(config, "hello", "bench/workers/hello.ts"),
    ],
  });
  await server.listen();
  const ours = server.getWorker<Env>(NAME);
  const theirs = server.getWorker<TutorialEnv>("tutorial");
  await ours.applyD1Migrations("DB");
  const oursEnv = await ours.getEnv();
  const theirsEnv = await theirs.getEnv();
  await theirsEnv.DB.prepare(CREATE_RESULTS).run();
  return {
    ours,
    oursEnv,
    theirs,
    theirsEnv,
    hello: server.getWorker("hello"),
    async setModelLatency(ms: number): Promise<void> {
      await server.getWorker("darkroom-local-ai").fetch(`http://ai/?latencyMs=${ms}`);
    },
    /** Drop captured log lines between rounds, because they accumulate in this process. */
    clearLogs: () => server.clearLogs(),
    close: () => server.close(),
  };
}

/** Start the product alone, with a record of each message's times in the queue, and models that answer at once. */
export async function startTimed() {
  const config = readLocal();
  const server = createTestHarness({
    workers: [
      darkroomFrom("bench/workers/timed-darkroom.ts", config),
      plain(config, "darkroom-local-ai", "bench/workers/timed-ai.ts"),
    ],
  });
  await server.listen();
  const ours = server.getWorker<Env>(NAME);
  await ours.applyD1Migrations("DB");
  const env = await ours.getEnv();
  return { ours, env, clearLogs: () => server.clearLogs(), close: () => server.close() };
}

/** Start the product alone, with a model that embeds at once, and the Worker that says hello. */
export async function startSearched() {
  const config = readLocal();
  const server = createTestHarness({
    workers: [
      CONFIGURED,
      plain(config, "darkroom-local-ai", "bench/workers/meaning-ai.ts"),
      plain(config, "hello", "bench/workers/hello.ts"),
    ],
  });
  await server.listen();
  const ours = server.getWorker<Env>(NAME);
  await ours.applyD1Migrations("DB");
  return {
    ours,
    env: await ours.getEnv(),
    hello: server.getWorker("hello"),
    clearLogs: () => server.clearLogs(),
    close: () => server.close(),
  };
}

/** Start the product with a text model that streams, and a Worker that forwards the binding's answer. */
export async function startAsked() {
  const config = readLocal();
  const server = createTestHarness({
    workers: [
      CONFIGURED,
      plain(config, "darkroom-local-ai", "bench/workers/streaming-ai.ts"),
      plain(config, "bare-ask", "bench/workers/bare-ask.ts", config.services),
    ],
  });
  await server.listen();
  const ours = server.getWorker<Env>(NAME);
  await ours.applyD1Migrations("DB");
  const call = (worker: string, url: string, init: RequestInit) =>
    server.getWorker(worker).fetch(url, init as never) as unknown as Promise<Response>;
  return {
    env: await ours.getEnv(),
    setStream: ({ tokens, pauseMs }: { tokens: number; pauseMs: number }) =>
      call("darkroom-local-ai", `http://ai/?tokens=${tokens}&pauseMs=${pauseMs}`, {}),
    /** Make a text that can be asked about. Returns the id of its job. */
    async job(text: string, headers: Record<string, string>): Promise<string> {
      const body = JSON.stringify({ kind: "classification", text });
      const init = { method: "POST", headers: { ...headers, prefer: "wait=30" }, body };
      const response = await call(NAME, "http://localhost/v1/jobs", init);
      const job: { readonly id: string; readonly state: string } = await response.json();
      if (job.state !== "completed") throw new Error(`the job is ${job.state}`);
      return job.id;
    },
    ask: (job: string, question: string, headers: Record<string, string>) =>
      call(NAME, `http://localhost/v1/jobs/${job}/ask`, {
        method: "POST",
        headers: { ...headers, accept: "text/event-stream" },
        body: JSON.stringify({ question }),
      }),
    generate: (prompt: string, headers: Record<string, string>) =>
      call(NAME, "http://localhost/v1/generate", {
        method: "POST",
        headers: { ...headers, accept: "text/event-stream" },
        body: JSON.stringify({ prompt, maxTokens: 4096 }),
      }),
    bare: (question: string) =>
      call("bare-ask", "http://bare/", { method: "POST", body: JSON.stringify([{ role: "user", content: question }]) }),
    clearLogs: () => server.clearLogs(),
    close: () => server.close(),
  };
}

function readLocal(): DarkroomConfig {
  return readConfig({ config: CONFIGURED.configPath, env: CONFIGURED.env });
}

/** The product's configuration with another entry file. */
function darkroomFrom(main: string, config: DarkroomConfig): WorkerInput {
  return {
    config: {
      name: NAME,
      main,
      compatibility_date: config.compatibility_date,
      compatibility_flags: [...config.compatibility_flags, "nodejs_als"],
      services: config.services,
      r2_buckets: config.r2_buckets,
      d1_databases: config.d1_databases,
      queues: config.queues,
      ratelimits: config.ratelimits,
      alias: config.alias,
      vars: config.vars,
    },
  };
}

/** The tutorial with the same bucket and the same batch size, but its own queue and database. */
function tutorial(config: DarkroomConfig, main: string): WorkerInput {
  const tasks = config.queues.consumers?.find(({ queue }: { queue: string }) => queue === "media-tasks");
  return {
    config: {
      name: "tutorial",
      main,
      compatibility_date: config.compatibility_date,
      services: config.services,
      r2_buckets: config.r2_buckets,
      d1_databases: [{ binding: "DB", database_name: "tutorial", database_id: "tutorial-local" }],
      queues: {
        producers: [{ binding: "IMAGES", queue: "tutorial-images" }],
        consumers: [{ ...tasks, queue: "tutorial-images" }],
      },
    },
  };
}

function plain(
  config: DarkroomConfig,
  name: string,
  main: string,
  services: DarkroomConfig["services"] = [],
): WorkerInput {
  // This flag passes a call's signal to a Worker that stands in for the models.
  const compatibility_flags = ["enable_abortsignal_rpc"];
  return { config: { name, main, compatibility_date: config.compatibility_date, compatibility_flags, services } };
}
