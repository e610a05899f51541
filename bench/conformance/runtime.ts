import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

import { createTestHarness } from "wrangler";

import { SCRIPTED_MODELS } from "../../test/scripted-models.ts";

/** The key in local/dev-key.sql. */
const KEY = "dk_local_localdevelopmentonly0123456789ab";

export const SETUP_TOKEN = "conformance-setup-token";

export type Runtime = Awaited<ReturnType<typeof startRuntime>>;

/**
 * Start the product as configured, and a server that receives webhooks. The models are the tests' scripted ones or, with an
 * inference server, the offline engines.
 */
export async function startRuntime({
  inferenceUrl,
  vars = {},
}: { inferenceUrl?: string; vars?: Readonly<Record<string, string>> } = {}) {
  const server = createTestHarness({
    workers: [
      { configPath: "./wrangler.jsonc", env: "local", vars: { WAKE_GRACE_SECONDS: "60", SETUP_TOKEN, ...vars } },
      inferenceUrl === undefined
        ? SCRIPTED_MODELS
        : { configPath: "./local/wrangler.jsonc", vars: { INFERENCE_URL: inferenceUrl } },
    ],
  });
  const { url } = await server.listen();
  const worker = server.getWorker<Env>();
  await worker.applyD1Migrations("DB");
  const { DB } = await worker.getEnv();
  await DB.prepare((await readFile("local/dev-key.sql", "utf8")).replace(/^--.*$/gm, "")).run();

  const receiver = createServer((request, response) => {
    request.resume();
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const address = receiver.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    origin: url.origin,
    key: KEY,
    hookUrl: `http://127.0.0.1:${port}/hook`,
    maintain: () => worker.scheduled({ cron: "* * * * *", scheduledTime: new Date() }),
    async close(): Promise<void> {
      receiver.close();
      receiver.closeAllConnections();
      await server.close();
    },
  };
}
