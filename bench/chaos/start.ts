import { existsSync } from "node:fs";

import { createTestHarness, unstable_readConfig as readConfig } from "wrangler";

import type { ChaosLine, ChaosPlan, ChaosReport } from "./plan.ts";

// Without this, wrangler prints a line for every request.
process.env["WRANGLER_LOG"] ??= "error";
// Operations run one at a time, so syncing each commit to a disk would take most of the time. Nothing has to be kept.
if (existsSync("/dev/shm")) process.env["TMPDIR"] ??= "/dev/shm";

export type Chaos = Awaited<ReturnType<typeof startChaos>>;

/** Start the chaos Worker on real workerd, with its own D1 and R2. Its queues are the injector's. */
export async function startChaos() {
  const { compatibility_date, compatibility_flags, r2_buckets, d1_databases } = readConfig({
    config: "./wrangler.jsonc",
    env: "local",
  });
  const config = { name: "chaos", main: "bench/chaos/worker.ts", compatibility_date, compatibility_flags };
  const server = createTestHarness({ workers: [{ config: { ...config, r2_buckets, d1_databases } }] });
  await server.listen();
  const worker = server.getWorker<Env>("chaos");
  await worker.applyD1Migrations("DB");
  return {
    /** Run a plan to its end. @throws if the simulation itself failed. */
    async run(plan: ChaosPlan, onLine: (line: ChaosLine) => void = () => {}): Promise<ChaosReport> {
      const startedAt = performance.now();
      const response = await worker.fetch("http://chaos/", { method: "POST", body: JSON.stringify(plan) });
      if (response.body === null) throw new Error(`the chaos Worker answered ${response.status} without a body`);
      let report: ChaosReport | undefined;
      for await (const line of linesOf(response.body)) {
        onLine(line);
        if (line.type === "error") throw new Error(line.message);
        if (line.type === "report") ({ report } = line);
      }
      if (report === undefined) throw new Error("the chaos Worker ended without a report");
      return { ...report, wall_seconds: Math.round((performance.now() - startedAt) / 100) / 10 };
    },
    logs: () => server.getLogs(),
    close: () => server.close(),
  };
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<ChaosLine> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line);
  }
}
