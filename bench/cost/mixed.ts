import { createTestHarness } from "wrangler";

import { startInferenceServer } from "../../local/inference-server.ts";
import type { Receipt } from "../../producer/usage/schema.ts";
import { insertBenchKey } from "../key.ts";
import { note } from "../report.ts";
import { submitMix } from "./mix.ts";

/** Calls that fail for a while and are tried again, and calls that fail for good. All get an answer: no ledger counts a call without one. */
const FAULTS = "seed=6,3043=0.05,3040=0.05,3010=0.01";
const TIMEOUT_MS = 15 * 60_000;
const LOOK_EVERY_MS = 3000;
/** The decimals of the platform's header. Whole ten-thousandths add up without rounding errors. */
const SCALE = 10_000;

export interface Mixed {
  /** The difference between the receipts and the charges of the inference server, added up over the models. */
  readonly differenceNeurons: number;
  readonly receiptsNeurons: number;
  readonly ledgerNeurons: number;
  /** The figure of `GET /v1/usage`. */
  readonly usageNeurons: number;
  readonly jobs: number;
  readonly calls: number;
  readonly ledgerCalls: number;
  readonly unfinished: number;
  readonly failed: number;
  readonly reused: number;
  readonly attemptsTriedAgain: number;
  readonly seconds: number;
  readonly [extra: string]: unknown;
}

/** The charges of the inference server: `GET /ledger`. */
interface Ledger {
  readonly calls: number;
  readonly neurons: number;
  readonly byModel: Readonly<Record<string, { readonly neurons: number }>>;
}

/** Run a thousand jobs on the real runtime with the offline engines, and compare their receipts with the charges. */
export async function runMixed(): Promise<Mixed> {
  const inference = await startInferenceServer({ port: 0 });
  const server = createTestHarness({
    workers: [
      { configPath: "./wrangler.jsonc", env: "local", vars: { WAKE_GRACE_SECONDS: "60" } },
      { configPath: "local/wrangler.jsonc", vars: { INFERENCE_URL: inference.url, FAULTS } },
    ],
  });
  try {
    await server.listen();
    const worker = server.getWorker<Env>();
    await worker.applyD1Migrations("DB");
    const env = await worker.getEnv();
    const headers = await insertBenchKey(env.DB);
    const api = async <T>(path: string, init: { method?: string; body?: string | Uint8Array } = {}): Promise<T> => {
      const response = await server.fetch(path, { ...init, headers });
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
      return response.json() as Promise<T>;
    };
    const startedAt = performance.now();
    const { ids, byKind } = await submitMix(api);
    note(`${ids.length} jobs accepted: ${JSON.stringify(byKind)}`);
    const unfinished = await untilEnded(env.DB, () => server.clearLogs());
    const receipts: Receipt[] = [];
    for (const id of ids) receipts.push(await api<Receipt>(`/v1/jobs/${id}/receipt`));
    const seconds = Math.round((performance.now() - startedAt) / 1000);

    const attempts = receipts.flatMap((receipt) => receipt.attempts);
    const calls = attempts.flatMap((attempt) => attempt.calls);
    const ledger = await (await fetch(`${inference.url}/ledger`)).json<Ledger>();
    const usage = await api<{ total: { neurons: number } }>("/v1/usage");
    const byModel = unitsByModel(calls);
    const models = new Set([...byModel.keys(), ...Object.keys(ledger.byModel)]);
    const differences = [...models].map((model) =>
      Math.abs((byModel.get(model) ?? 0) - Math.round((ledger.byModel[model]?.neurons ?? 0) * SCALE)),
    );
    return {
      differenceNeurons: sum(differences) / SCALE,
      receiptsNeurons: sum([...byModel.values()]) / SCALE,
      ledgerNeurons: ledger.neurons,
      usageNeurons: Math.round(usage.total.neurons * SCALE) / SCALE,
      jobs: ids.length,
      calls: calls.length,
      ledgerCalls: ledger.calls,
      unfinished,
      failed: receipts.filter(({ state }) => state === "failed").length,
      reused: receipts.filter(({ reused }) => reused !== null).length,
      attemptsTriedAgain: attempts.filter(({ outcome }) => outcome === "retry" || outcome === "snooze").length,
      estimatedCalls: calls.filter(({ isEstimated }) => isEstimated).length,
      seconds,
      mix: byKind,
      engines: [...new Set(calls.map(({ engine }) => engine))],
    };
  } finally {
    await server.close();
    await inference.close();
  }
}

function unitsByModel(calls: readonly { readonly model: string; readonly neurons: number }[]): Map<string, number> {
  const units = new Map<string, number>();
  for (const { model, neurons } of calls) units.set(model, (units.get(model) ?? 0) + Math.round(neurons * SCALE));
  return units;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Wait for the jobs. Returns how many had not ended when the time was over. */
async function untilEnded(db: D1Database, clearLogs: () => void): Promise<number> {
  const end = Date.now() + TIMEOUT_MS;
  for (;;) {
    const left = await db
      .prepare("SELECT count(*) AS count FROM jobs WHERE finalized_at IS NULL")
      .first<number>("count");
    if (left === 0 || left === null || Date.now() > end) return left ?? 0;
    note(`${left} left`);
    clearLogs();
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
