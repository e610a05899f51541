// Takes screenshots of a view in light, dark and on a phone, only if `SHOTS` names a folder.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { Page } from "playwright-core";

import { WAYS } from "./accessible.ts";

export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env["SHOTS"];
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  const before = page.viewportSize();
  for (const way of WAYS.filter((one) => one.name !== "a phone in the dark")) {
    await page.emulateMedia({ colorScheme: way.colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width: way.width, height: 844 });
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(folder, `${name}-${way.name.replaceAll(" ", "-")}.png`) });
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  if (before !== null) await page.setViewportSize(before);
}
