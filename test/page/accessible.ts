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

/** The ways in which each view is checked. */
export const WAYS = [
  { name: "light", colorScheme: "light", width: 1280 },
  { name: "dark", colorScheme: "dark", width: 1280 },
  { name: "a phone", colorScheme: "light", width: 390 },
  { name: "a phone in the dark", colorScheme: "dark", width: 390 },
] as const;

/** A script that returns the elements that make the page wider than its window. */
const OUTSIDE = `document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.tagName + "." + one.className + " " + Math.round(one.getBoundingClientRect().right))`;

/** Expect that axe finds no problem in the current view, in light, dark and at the width of a phone, and that it does not overflow. */
export async function expectAccessible(page: Page): Promise<void> {
  const before = page.viewportSize();
  for (const { name, colorScheme, width } of WAYS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 844 });
    await page.waitForTimeout(250);
    // Content out of sight keeps its previous colours until it is drawn.
    await page.evaluate(
      "for (const row of document.querySelectorAll('.lines-block')) row.style.contentVisibility = 'visible'",
    );
    // The page's policy forbids other scripts, so the test evaluates axe directly.
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
