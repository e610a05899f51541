// One product and one browser for a test file.
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";

import { type KeyName, KEYS, type ProductOptions, type Running, startRunning } from "./running.ts";

export { KEYS } from "./running.ts";

/** Next to the offline models, a browser may get little of the machine. */
const PATIENCE_MS = 90_000;

export interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
}

/** One product and one browser for a test file. A test that leaves an error in the page's console fails. */
export function startProduct(product: ProductOptions = {}) {
  let started: Running;
  const contexts: BrowserContext[] = [];
  const said: string[] = [];
  let expected: readonly RegExp[] = [];

  beforeAll(async () => {
    started = await startRunning(product);
  }, 240_000);
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
    const unexpected = said.splice(0).filter((line) => !expected.some((pattern) => pattern.test(line)));
    expected = [];
    expect(unexpected).toEqual([]);
  });
  afterAll(() => started.stop());

  /** Open a new browser context at an address of the page. */
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

  const api = async <T>(...call: Parameters<Running["api"]>): Promise<T> => started.api<T>(...call);

  return {
    origin: () => started.origin,
    env: () => started.env,
    open,
    api,
    /** Allow errors that this test causes on purpose. The browser writes each failed request to the console. */
    expectErrors(...patterns: readonly RegExp[]) {
      expected = patterns;
    },
  };
}
