// The list: first use, live rows, filters in the address, keys, and a search that finds words.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import { expectAccessible } from "./accessible.ts";
import { KEYS, startProduct } from "./product.ts";

const darkroom = startProduct();
const SAMPLES = join(import.meta.dirname, "../../local/samples");
const NAMES = ["voice-note.mp3", "coffee.jpg", "review.txt", "harbour.prompt"] as const;

/** Open the list with the samples. Submit them if no earlier test has done so. */
async function openList(): Promise<Page> {
  const { jobs } = await darkroom.api<{ jobs: unknown[] }>("/v1/jobs?tag=sample");
  for (const name of jobs.length === 0 ? NAMES : []) {
    const body = await readFile(join(SAMPLES, name));
    await darkroom.api(`/v1/uploads?name=${name}&tag=sample`, { method: "POST", body });
  }
  const { page } = await darkroom.open("/");
  await page.getByText("voice-note.mp3").waitFor();
  return page;
}

test("an empty page offers four samples, and one click turns them into words, labels and a picture", async () => {
  const { page } = await darkroom.open("/");
  await page.getByRole("heading", { name: "Drop a file, watch it become words" }).waitFor();
  await page.getByRole("heading", { name: "Three other ways to submit a job" }).waitFor();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Try the four samples" }).click();
  for (const title of NAMES) {
    await page.getByRole("row").filter({ hasText: title }).filter({ hasText: "Completed" }).waitFor();
  }
  expect(await page.getByRole("row").count()).toBe(5);
  await expectAccessible(page);
});

test("filters are in the address, and an address with filters shows them", async () => {
  const page = await openList();
  await page.getByLabel("Kind").selectOption("transcription");
  await page.waitForURL(/kind=transcription/);
  await page.getByText("coffee.jpg").waitFor({ state: "detached" });
  await page.goBack();
  await page.getByText("coffee.jpg").waitFor();
  await page.goto(`${darkroom.origin()}/?state=failed`);
  await page.getByRole("heading", { name: "No job matches" }).waitFor();
  expect(await page.getByRole("radio", { name: "Failed" }).isChecked()).toBe(true);
  await expectAccessible(page);
  await page.getByRole("link", { name: "Show all jobs" }).click();
  await page.getByText("coffee.jpg").waitFor();
  await page.getByRole("link", { name: "sample" }).first().click();
  await page.waitForURL(/tag=sample/);
});

test("only the keyboard is needed to move through the list, open a job and come back", async () => {
  const page = await openList();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  const first = page.locator("a[data-job]").first();
  expect(await first.evaluate((link) => link.matches(":focus"))).toBe(true);
  const title = await first.textContent();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: title ?? "" }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("j");
  await page.getByRole("heading", { level: 1, name: "Jobs" }).waitFor();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await help.getByText("Search jobs and spoken words").waitFor();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await help.waitFor({ state: "hidden" });
});

test("one search finds jobs by name and by the words that were said, and a hit leads to its second", async () => {
  const page = await openList();
  await page.keyboard.press("/");
  await page.keyboard.type("voice-note");
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=voice-note/);
  await page.getByRole("row").filter({ hasText: "voice-note.mp3" }).waitFor();
  await page.getByText("coffee.jpg").waitFor({ state: "detached" });
  expect(await page.getByRole("row").count()).toBe(2);
  await page.getByRole("row").filter({ hasText: "voice-note.mp3" }).filter({ hasText: "Completed" }).waitFor();
  await page.getByRole("searchbox").fill("weather");
  await page.keyboard.press("Enter");
  const words = page.getByRole("region", { name: "Words" });
  const hit = words.getByRole("listitem").filter({ hasText: "voice-note.mp3" }).filter({ hasText: "Spoken" });
  await hit.waitFor();
  expect(await hit.locator("mark").first().textContent()).toBe("weather");
  expect(await hit.getByRole("link").getAttribute("href")).toMatch(/^\/jobs\/job_\w+\?t=\d+&find=weather$/);
  await expectAccessible(page);
  await hit.getByRole("link").click();
  await page.getByRole("heading", { level: 1, name: "voice-note.mp3" }).waitFor();
  // It plays from that word on, which is said after more than two seconds.
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await expect.poll(async () => page.locator(".player-now").textContent()).toMatch(/^0:(0[2-9]|1)/);
  await page.getByRole("searchbox").fill("nothing says this at all");
  await page.keyboard.press("Enter");
  await page.getByText("contains “nothing says this at all”").waitFor();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Clear the search" }).click();
  await page.getByText("coffee.jpg").waitFor();
});

test("a job that somebody else submits appears and moves by itself", async () => {
  const page = await openList();
  await darkroom.api("/v1/jobs", {
    method: "POST",
    body: JSON.stringify({ kind: "classification", text: "A late arrival." }),
  });
  const row = page.getByRole("row").filter({ hasText: "A late arrival." });
  await row.filter({ hasText: "Completed" }).waitFor();
});

test("hostile names are text: nothing in them runs, and they do not break the page", async () => {
  const page = await openList();
  const hostile = [`<img src=x onerror="document.title='owned'">`, "\u202Egnp.exe reversed", "w".repeat(4000)];
  for (const text of hostile) {
    await darkroom.api("/v1/jobs", { method: "POST", body: JSON.stringify({ kind: "classification", text }) });
  }
  await page.getByText("<img src=x").waitFor();
  await expectAccessible(page);
  await page.getByText("<img src=x").click();
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.goto(`${darkroom.origin()}/?q=wwwww`);
  await page.locator("a[data-job]").first().click();
  await page.getByRole("heading", { level: 1 }).filter({ hasText: "wwww" }).waitFor();
  await expectAccessible(page);
  expect(await page.title()).not.toBe("owned");
});

test("an owner without jobs who may write is offered the samples; the page tells an owner who may only read", async () => {
  const { page } = await darkroom.open("/", { key: "fresh" });
  await page.getByRole("button", { name: "Try the four samples" }).waitFor();
  const { key } = await darkroom.api<{ key: string }>("/v1/keys", {
    method: "POST",
    body: JSON.stringify({ label: "reads", ownerId: "fresh", scopes: ["jobs:read"] }),
  });
  await page.goto(`${darkroom.origin()}/#key=${key}`);
  await page.getByRole("heading", { name: "There are no jobs yet" }).waitFor();
  expect(KEYS.fresh).not.toBe(key);
});
