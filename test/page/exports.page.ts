// Many jobs are exported as one zip. File names cannot collide or become paths, and a failure does not lose the other files.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";

import { expectAccessible } from "./accessible.ts";
import { KEYS, startProduct } from "./product.ts";
import { readZip } from "./read-zip.ts";
import { shoot } from "./shoot.ts";
import { ended, SAMPLES } from "./transcripts.ts";

const darkroom = startProduct();
/** Titles that a system may take for the same name, a folder, a device, or text in the other direction. */
const TITLES = ["talk.mp3", "Talk.mp3", "..evil.mp3", "con.mp3", "gone.mp3", "\u202Egnp.mp3", "not exported.mp3"];
const ids = new Map<string, string>();

beforeAll(async () => {
  const body = await readFile(join(SAMPLES, "voice-note.mp3"));
  for (const title of TITLES) {
    const path = `/v1/uploads?name=${encodeURIComponent(title)}&tag=words`;
    const { id } = await darkroom.api<{ id: string }>(path, { method: "POST", body });
    // The first one is transcribed, and the others reuse its result.
    await ended(darkroom, id);
    ids.set(title, id);
  }
  const submit = async (job: object) =>
    darkroom.api<{ id: string }>("/v1/jobs", { method: "POST", body: JSON.stringify(job) });
  const { id: text } = await submit({ kind: "classification", text: "No words to say.", tags: ["words"] });
  ids.set("text", text);
  for (const seed of [1, 2]) {
    const { id } = await submit({
      kind: "image_generation",
      prompt: "../../a boat\\at\nsea",
      options: { model: "flux-2-klein-4b", seed, width: 512, height: 512 },
    });
    ids.set(`boat ${seed}`, id);
    await ended(darkroom, id);
  }
}, 200_000);

async function textOf(id: string | undefined, format: string): Promise<string> {
  const response = await fetch(`${darkroom.origin()}/v1/jobs/${id}/transcript?format=${format}`, {
    headers: { authorization: `Bearer ${KEYS.operator}` },
  });
  return response.text();
}

async function exported(page: Page, name: string): Promise<ReadonlyMap<string, Buffer>> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page
      .getByRole("dialog")
      .getByRole("button", { name: `Export ${name}` })
      .click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^darkroom-\w+-\d{4}-\d\d-\d\d\.zip$/);
  return readZip(await readFile(await download.path()));
}

test("jobs are chosen and exported with only the keyboard; each file has its own name, and none is in a folder", async () => {
  // One is deleted while they are read.
  darkroom.expectErrors(/404/);
  const { page } = await darkroom.open("/?tag=words");
  await page.getByRole("checkbox", { name: "Select talk.mp3", exact: true }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.getByText("1 job is selected.").waitFor();
  await page.keyboard.press("x");
  await page.getByText("1 job is selected.").waitFor({ state: "detached" });
  await page.getByRole("checkbox", { name: "Select all jobs shown" }).focus();
  await page.keyboard.press("Space");
  await page.getByText("8 jobs are selected.").waitFor();
  await expectAccessible(page);
  await shoot(page, "chosen");
  const gone = ids.get("gone.mp3") ?? "";
  await page.route(`**/v1/jobs/${gone}/transcript?**`, async (route) => {
    await darkroom.api(`/v1/jobs/${gone}`, { method: "DELETE" });
    await route.continue();
  });
  await page.keyboard.press("o");
  await page.getByRole("dialog", { name: "Export 8 jobs" }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowRight");
  const files = await exported(page, "SubRip");
  expect([...files.keys()].toSorted()).toEqual(
    ["_con.srt", "evil.srt", "_gnp.srt", "not exported.srt", "not exported.txt", "talk (2).srt", "Talk.srt"].toSorted(),
  );
  const names = new Set([...files.keys()].map((name) => name.toLowerCase()));
  expect(names.size).toBe(files.size);
  const expected = await textOf(ids.get("talk.mp3"), "srt");
  expect(expected).toContain("-->");
  const captions = [...files].filter(([name]) => name.endsWith(".srt")).map(([, content]) => content.toString());
  expect(new Set(captions)).toEqual(new Set([expected]));
  const list = files.get("not exported.txt")?.toString() ?? "";
  expect(list).toMatch(/^2 of 8 jobs have no file here\./);
  expect(list).toContain(`(${gone}): It was deleted during the export.`);
  expect(list).toContain(`(${ids.get("text")}): It has no transcript.`);
  await page.getByText("In the zip: 6 files. Not in it: 2 jobs.").waitFor();
  await expectAccessible(page);
  await shoot(page, "exported");
});

test("all that match are exported, more than are shown, and a connection that breaks in the middle loses nothing", async () => {
  darkroom.expectErrors(/ERR_/);
  const jobs = Array.from({ length: 100 }, () => ({ kind: "classification", text: "The same again." }));
  await darkroom.api("/v1/jobs/batch", { method: "POST", body: JSON.stringify({ jobs }) });
  const { page } = await darkroom.open("/");
  await page.getByRole("button", { name: "Show older jobs" }).waitFor();
  await page.getByRole("checkbox", { name: "Select all jobs shown" }).check();
  await page.getByText("50 jobs are selected.").waitFor();
  await page.getByRole("button", { name: "Select all that match" }).click();
  await page.getByText("All jobs that match are selected.").waitFor();
  await page.getByRole("button", { name: "Export …" }).click();
  const dialog = page.getByRole("dialog", { name: "Export all jobs that match" });
  await dialog.getByText("Markdown", { exact: true }).click();
  let broken = 0;
  await page.route("**/transcript?**", async (route) => {
    broken += 1;
    // The client itself tries three times. The exporter then tries again.
    if (broken <= 14) await route.abort("connectionreset");
    else await route.continue();
  });
  const files = exported(page, "Markdown");
  await dialog.getByText("Waiting for an answer. The export then continues where it stopped.").waitFor();
  await expectAccessible(page);
  const read = await files;
  expect(broken).toBeGreaterThan(14);
  expect([...read.keys()].filter((name) => name.endsWith(".md"))).toHaveLength(6);
  expect(read.get("_con.md")?.toString()).toMatch(/^# con\n\n\*\*0:00\*\*\n\nhello this/);
  expect(read.get("not exported.txt")?.toString()).toMatch(/^103 of 109 jobs/);
});

test("pictures are exported byte for byte, even with a key that may only read, and a job without pictures is named", async () => {
  const { page } = await darkroom.open("/?kind=image_generation", { key: "reader" });
  await page
    .getByRole("checkbox", { name: /a boat/ })
    .first()
    .waitFor();
  await page.keyboard.press("a");
  // The key is bound once the bar is there.
  await page.getByText("All jobs that match are selected.").waitFor();
  await page.keyboard.press("o");
  await page.getByRole("radio", { name: /^Pictures/, checked: true }).waitFor();
  const files = await exported(page, "Pictures");
  expect([...files.keys()].map((name) => name.replace(/\.\w+$/, "")).toSorted()).toEqual(
    ["_.._a boat_at sea", "_.._a boat_at sea (2)"].toSorted(),
  );
  for (const [index, content] of [...files.values()].entries()) {
    const id = ids.get(`boat ${2 - index}`) ?? "";
    const { artifacts } = await darkroom.api<{ artifacts: { name: string; contentType: string }[] }>(`/v1/jobs/${id}`);
    const picture = artifacts.find(({ contentType }) => contentType.startsWith("image/"))?.name;
    const response = await fetch(`${darkroom.origin()}/v1/jobs/${id}/artifacts/${picture}`, {
      headers: { authorization: `Bearer ${KEYS.reader}` },
    });
    expect(content.equals(Buffer.from(await response.arrayBuffer()))).toBe(true);
  }
  await page.keyboard.press("o");
  const dialog = page.getByRole("dialog", { name: "Export all jobs that match" });
  await dialog.getByText("JSON", { exact: true }).click();
  await dialog.getByRole("button", { name: "Export JSON" }).click();
  await dialog.getByText("Nothing was exported: none of these jobs has such a result.").waitFor();
});
