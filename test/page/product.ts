// The whole product as `npm start` runs it, offline models included, on stores of its own, and a browser that looks at it.
import { createHash } from "node:crypto";
import { join } from "node:path";

import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { createTestHarness } from "wrangler";

import { startInferenceServer } from "../../local/inference-server.ts";
import { readLocalConfig } from "../runtime.ts";
import { SCOPES } from "../../shared/keys/scopes.ts";

const ROOT = join(import.meta.dirname, "../..");
export const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
/** Beside the offline models a browser may have little of the machine. */
const PATIENCE_MS = 90_000;
export const CHROMIUM_ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];

/** Keys that each test file begins with. */
export const KEYS = {
  operator: `dk_operator_${"o".repeat(32)}`,
  reader: `dk_reader_${"r".repeat(32)}`,
  /** Of an owner of its own, who has nothing yet. */
  fresh: `dk_fresh_${"f".repeat(32)}`,
} as const;
type KeyName = keyof typeof KEYS;

const ROWS: Readonly<Record<KeyName, { readonly owner: string; readonly scopes: readonly string[] }>> = {
  operator: { owner: "operator", scopes: SCOPES },
  reader: { owner: "operator", scopes: ["jobs:read"] },
  fresh: { owner: "fresh", scopes: ["jobs:read", "jobs:write"] },
};

export interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
}

export interface ProductOptions {
  /** In place of the product's own module. */
  readonly main?: string;
  readonly vars?: Readonly<Record<string, string>>;
}

/** One product and one browser for a test file. A test that leaves an error in the page's console fails. */
export function startProduct(product: ProductOptions = {}) {
  let started: Awaited<ReturnType<typeof start>>;
  const contexts: BrowserContext[] = [];
  const said: string[] = [];
  let expected: readonly RegExp[] = [];

  beforeAll(async () => {
    started = await start(product);
  }, 240_000);
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
    const unexpected = said.splice(0).filter((line) => !expected.some((pattern) => pattern.test(line)));
    expected = [];
    expect(unexpected).toEqual([]);
  });
  afterAll(() => started.stop());

  /** A browser that nobody has used, at an address of the page. */
  async function open(
    path = "/",
    { key = "operator", ...options }: BrowserContextOptions & { key?: KeyName | null } = {},
  ): Promise<Opened> {
    const context = await started.browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    contexts.push(context);
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") said.push(`${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => said.push(String(error)));
    if (key !== null) {
      await page.goto(`${started.origin}/#key=${KEYS[key]}`);
      await page.getByRole("banner").waitFor();
    }
    if (key === null || path !== "/") await page.goto(started.origin + path);
    return { page, context };
  }

  /** Call the API beside the page. */
  async function api<T>(path: string, init: RequestInit & { key?: KeyName } = {}): Promise<T> {
    const { key = "operator", ...rest } = init;
    const headers = new Headers(rest.headers);
    headers.set("authorization", `Bearer ${KEYS[key]}`);
    const response = await fetch(started.origin + path, { ...rest, headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  return {
    origin: () => started.origin,
    env: () => started.env,
    open,
    api,
    /** Errors that this test means to cause: the browser writes each failed request into the console. */
    expectErrors(...patterns: readonly RegExp[]) {
      expected = patterns;
    },
  };
}

function standIn(main: string, vars: ProductOptions["vars"] = {}) {
  const local = readLocalConfig();
  return { ...local, main, vars: { ...local.vars, ...vars } };
}

async function start({ main, vars }: ProductOptions) {
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
  const browser: Browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS });
  return {
    // Not 127.0.0.1: a key in an address is taken on localhost alone, whatever it is called.
    origin: `http://localhost:${url.port}`,
    env,
    browser,
    async stop() {
      await browser.close();
      await server.close();
      await inference.close();
    },
  };
}
