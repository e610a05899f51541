// The whole product as `npm start` runs it, with the offline models and separate stores, and a browser.
import { createHash } from "node:crypto";
import { join } from "node:path";

import { type Browser, chromium } from "playwright-core";
import { createTestHarness } from "wrangler";

import { startInferenceServer } from "../../local/inference-server.ts";
import { readLocalConfig } from "../runtime.ts";
import { SCOPES } from "../../shared/keys/scopes.ts";

const ROOT = join(import.meta.dirname, "../..");
export const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
export const CHROMIUM_ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];

/** The keys in its stores at the start. */
export const KEYS = {
  operator: `dk_operator_${"o".repeat(32)}`,
  reader: `dk_reader_${"r".repeat(32)}`,
  /** The key of a separate owner, who has nothing yet. */
  fresh: `dk_fresh_${"f".repeat(32)}`,
} as const;
export type KeyName = keyof typeof KEYS;

const ROWS: Readonly<Record<KeyName, { readonly owner: string; readonly scopes: readonly string[] }>> = {
  operator: { owner: "operator", scopes: SCOPES },
  reader: { owner: "operator", scopes: ["jobs:read"] },
  fresh: { owner: "fresh", scopes: ["jobs:read", "jobs:write"] },
};

export interface ProductOptions {
  /** A module that replaces the product's own. */
  readonly main?: string;
  readonly vars?: Readonly<Record<string, string>>;
}

export type Running = Awaited<ReturnType<typeof startRunning>>;

function standIn(main: string, vars: ProductOptions["vars"] = {}) {
  const local = readLocalConfig();
  return { ...local, main, vars: { ...local.vars, ...vars } };
}

export async function startRunning({ main, vars }: ProductOptions = {}) {
  const inference = await startInferenceServer({ port: 0 });
  const server = createTestHarness({
    root: ROOT,
    workers: [
      main === undefined ? { configPath: "wrangler.jsonc", env: "local" } : { config: standIn(main, vars) },
      { configPath: "local/wrangler.jsonc", vars: { INFERENCE_URL: inference.url } },
    ],
  });
  const { url } = await server.listen();
  const worker = server.getWorker<Env>();
  await worker.applyD1Migrations("DB");
  const env = await worker.getEnv();
  for (const [id, { owner, scopes }] of Object.entries(ROWS)) {
    const secret = KEYS[id as KeyName].split("_").at(-1) ?? "";
    const hash = createHash("sha256").update(secret).digest("hex");
    await env.DB.prepare(
      "INSERT INTO api_keys (id, owner_id, label, secret_hash, created_at, scopes) VALUES (?1, ?2, ?1, ?3, 0, ?4)",
    )
      .bind(id, owner, hash, JSON.stringify(scopes))
      .run();
  }
  // 127.0.0.1 is not used, because for Chromium's storage it is another origin than the address that `npm start` prints.
  const origin = `http://localhost:${url.port}`;
  /** Call the API directly, without the page. */
  async function api<T>(path: string, init: RequestInit & { key?: KeyName } = {}): Promise<T> {
    const { key = "operator", ...rest } = init;
    const headers = new Headers(rest.headers);
    headers.set("authorization", `Bearer ${KEYS[key]}`);
    const response = await fetch(origin + path, { ...rest, headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
  const browser: Browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS });
  return {
    origin,
    env,
    api,
    browser,
    async stop() {
      await browser.close();
      await server.close();
      await inference.close();
    },
  };
}
