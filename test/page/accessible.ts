import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import type { Page } from "playwright-core";
import { expect } from "vitest";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
}

/** What each way of looking at a view is called. */
export const WAYS = [
  { name: "light", colorScheme: "light", width: 1280 },
  { name: "dark", colorScheme: "dark", width: 1280 },
  { name: "a phone", colorScheme: "light", width: 390 },
  { name: "a phone in the dark", colorScheme: "dark", width: 390 },
] as const;

/** What makes the page wider than its window: nothing, unless it does. */
const OUTSIDE = `document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.tagName + "." + one.className + " " + Math.round(one.getBoundingClientRect().right))`;

/** axe finds nothing in the view as it stands, in light, dark and at the width of a phone; nor does it overflow there. */
export async function expectAccessible(page: Page): Promise<void> {
  const before = page.viewportSize();
  for (const { name, colorScheme, width } of WAYS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 844 });
    await page.waitForTimeout(250);
    // What is out of sight has the colours of before until it is drawn.
    await page.evaluate(
      "for (const row of document.querySelectorAll('.lines-block')) row.style.contentVisibility = 'visible'",
    );
    // The page's policy forbids scripts of others: a test runs its own beside it.
    await page.evaluate(AXE);
    const found = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: readonly unknown[] }> } };
      return (await axe.run()).violations;
    });
    const violations = (found as readonly Violation[]).map(({ id, help, nodes }) => ({
      way: name,
      id,
      help,
      nodes: nodes.map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary ?? ""}`),
    }));
    expect(violations).toEqual([]);
    expect([name, await page.evaluate<readonly string[]>(OUTSIDE)]).toEqual([name, []]);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  if (before !== null) await page.setViewportSize(before);
}
