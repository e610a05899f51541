// Files, prompts and texts become jobs. Their cost is shown before, their progress during the upload, and an interruption loses nothing.
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { expectAccessible } from "./accessible.ts";
import { startProduct } from "./product.ts";

const darkroom = startProduct();
const SAMPLES = join(import.meta.dirname, "../../local/samples");
const LARGE_BYTES = 150_000_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "darkroom-page-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Write a recording of silence with 16 kHz, 16 bits, mono. */
async function silence(name: string, sizeBytes: number): Promise<string> {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(sizeBytes - 8, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(16_000, 24);
  head.writeUInt32LE(32_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(sizeBytes - 44, 40);
  const path = join(folder, name);
  const file = await open(path, "w");
  await file.write(head);
  await file.truncate(sizeBytes);
  await file.close();
  return path;
}

async function choose(page: Page, ...paths: readonly string[]): Promise<void> {
  await page
    .getByLabel("Files", { exact: true })
    .and(page.locator("input"))
    .setInputFiles([...paths]);
}

function fileRow(page: Page, name: string) {
  return page.getByRole("listitem").filter({ hasText: name });
}

test("files are priced before anything is sent, then sent with the chosen options", async () => {
  const { page } = await darkroom.open("/new");
  await page.getByText("drop them anywhere").waitFor();
  await expectAccessible(page);
  await choose(page, join(SAMPLES, "voice-note.mp3"), join(SAMPLES, "coffee.jpg"), join(SAMPLES, "harbour.prompt"));
  for (const name of ["voice-note.mp3", "coffee.jpg", "harbour.prompt"])
    await fileRow(page, name).getByText("neurons").waitFor();
  expect((await darkroom.api<{ jobs: unknown[] }>("/v1/jobs")).jobs).toEqual([]);
  await page.getByText("Options", { exact: true }).click();
  await page.getByRole("combobox", { name: "Language" }).selectOption("en");
  await page.getByRole("checkbox", { name: /Summarise/ }).check();
  await page.getByText("Advanced", { exact: true }).click();
  await page.getByLabel("Tags").fill("page, test");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Start 3 uploads" }).click();
  for (const name of ["voice-note.mp3", "coffee.jpg", "harbour.prompt"])
    await fileRow(page, name).getByText("Uploaded").waitFor();
  await expectAccessible(page);
  const { jobs } = await darkroom.api<{ jobs: { id: string; kind: string; tags: string[] }[] }>("/v1/jobs?tag=test");
  expect(jobs.map(({ kind }) => kind).toSorted()).toEqual(["classification", "image_generation", "transcription"]);
  const { id } = jobs.find(({ kind }) => kind === "transcription") ?? { id: "" };
  const { input } = await darkroom.api<{ input: unknown }>(`/v1/jobs/${id}`);
  expect(input).toMatchObject({ options: { language: "en" }, then: ["summarise"] });
  await fileRow(page, "voice-note.mp3").getByRole("link").click();
  await page.getByRole("heading", { level: 1, name: "voice-note.mp3" }).waitFor();
});

test("a file dropped on any view is on the list, and one that no job takes says why", async () => {
  darkroom.expectErrors(/415/);
  const { page } = await darkroom.open("/");
  await page.getByRole("heading", { level: 1 }).waitFor();
  const dropped = await page.evaluateHandle(`(() => {
    const data = new DataTransfer();
    data.items.add(new File(["\\u0000\\u0001\\u0002\\u00ff not a medium"], "data.bin"));
    return data;
  })()`);
  await page.dispatchEvent("main", "dragenter", { dataTransfer: dropped });
  await page.getByText("Drop the files to add them").waitFor();
  await page.dispatchEvent("main", "drop", { dataTransfer: dropped });
  await page.waitForURL(/\/new$/);
  await fileRow(page, "data.bin").locator(".bad").waitFor();
  await expectAccessible(page);
  await fileRow(page, "data.bin").getByRole("button", { name: "Remove data.bin" }).click();
  expect(await page.getByRole("listitem").count()).toBe(0);
});

test("uploads that fail on the way are retried together, and each becomes one job", async () => {
  darkroom.expectErrors(/ERR_FAILED|Failed to load|net::/);
  const { page } = await darkroom.open("/new");
  const names = ["first.txt", "second.txt"];
  for (const name of names) await writeFile(join(folder, name), `${name} is a fine text.`);
  await choose(page, ...names.map((name) => join(folder, name)));
  for (const name of names) await fileRow(page, name).getByText("neurons").waitFor();
  await page.route("**/v1/uploads?*", (route) =>
    route.request().url().includes("/estimate") ? route.fallback() : route.abort(),
  );
  await page.getByRole("button", { name: "Start 2 uploads" }).click();
  for (const name of names) await fileRow(page, name).getByText("Darkroom does not answer").waitFor();
  await expectAccessible(page);
  await page.unroute("**/v1/uploads?*");
  await page.getByRole("button", { name: "Retry all failed (2)" }).click();
  for (const name of names) await fileRow(page, name).getByText("Uploaded").waitFor();
  const { jobs } = await darkroom.api<{ jobs: { title: string }[] }>("/v1/jobs?text=.txt");
  expect(jobs.map(({ title }) => title).toSorted()).toEqual(names);
});

test("a large upload is paused, resumed, and continues after a reload once the file is chosen again", async () => {
  // Pause the kind, because the transcription of an hour of silence would take long.
  await darkroom.api("/v1/queues/transcription/pause", {
    method: "POST",
    body: JSON.stringify({ note: "a test uploads" }),
  });
  const path = await silence("long.wav", LARGE_BYTES);
  const { page } = await darkroom.open("/new");
  page.on("dialog", (dialog) => void dialog.accept());
  await choose(page, path);
  await fileRow(page, "long.wav").getByText("neurons").waitFor();
  const puts: string[] = [];
  page.on("requestfinished", (request) => {
    if (request.method() === "PUT" && request.url().includes("partNumber="))
      puts.push(new URL(request.url()).searchParams.get("partNumber") ?? "");
  });
  // Slow the parts down, so that the test can act in the middle of the upload.
  await page.route("**/cdn-cgi/local/r2/s3/**", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 250));
    await route.continue();
  });
  await page.getByRole("button", { name: "Start upload" }).click();
  const row = fileRow(page, "long.wav");
  await row.getByText(/MB of 150 MB · .*\/s/).waitFor();
  await row.getByRole("button", { name: "Pause long.wav" }).click();
  await row.getByText("Paused at").waitFor();
  await expectAccessible(page);
  const whilePaused = puts.length;
  await page.waitForTimeout(1500);
  expect(puts.length).toBeLessThanOrEqual(whilePaused + 1);
  await row.getByRole("button", { name: "Resume long.wav" }).click();
  while (puts.length < 5) await page.waitForTimeout(100);
  await page.reload();
  const notice = page.getByRole("region", { name: "Unfinished uploads" });
  await notice.getByText(/long\.wav was interrupted\. \d+ MB of 150 MB are stored/).waitFor();
  await expectAccessible(page);
  const before = new Set(puts.splice(0));
  expect(before.size).toBeGreaterThanOrEqual(5);
  await choose(page, path);
  await fileRow(page, "long.wav").getByText("Uploaded").waitFor();
  // One part may have been stored but not reported when the page was closed.
  expect(puts.filter((part) => before.has(part)).length).toBeLessThanOrEqual(1);
  expect(new Set([...before, ...puts]).size).toBe(Math.ceil(LARGE_BYTES / (8 * 1024 * 1024)));
  const { jobs } = await darkroom.api<{ jobs: { id: string }[] }>("/v1/jobs?text=long.wav");
  expect(jobs).toHaveLength(1);
  expect(await page.getByRole("region", { name: "Unfinished uploads" }).count()).toBe(0);
  await page.getByRole("listitem").getByRole("link", { name: "long.wav" }).click();
  await page.getByRole("status").getByText("a test uploads").waitFor();
  // Close the page before the job is deleted. Otherwise the page would request the job once more, and get an error.
  await page.close();
  await darkroom.api(`/v1/jobs/${jobs[0]?.id}`, { method: "DELETE" });
  await darkroom.api("/v1/queues/transcription/resume", { method: "POST", body: "{}" });
});

test("a prompt is priced, drawn and kept while it is written", async () => {
  const { page } = await darkroom.open("/new?from=prompt");
  await page.getByLabel("Prompt").fill("a lighthouse in the fog");
  await page.getByText(/neurons, \$/).waitFor();
  await page.reload();
  expect(await page.getByLabel("Prompt").inputValue()).toBe("a lighthouse in the fog");
  await page.getByLabel("Model").selectOption("flux-2-klein-4b");
  await page.getByText("Advanced", { exact: true }).click();
  await page.getByLabel("Seed").fill("7");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Draw" }).click();
  await page.getByRole("heading", { level: 1, name: "a lighthouse in the fog" }).waitFor();
  await page.getByRole("img", { name: "a lighthouse in the fog" }).waitFor();
});

test("a text is written as a prompt and a schema ask, and a schema that is not JSON is named", async () => {
  const { page } = await darkroom.open("/new?from=write");
  darkroom.expectErrors(/422 .*\/v1\/jobs\/estimate/);
  await page.getByLabel("Prompt").fill("Name the harbour and count its boats.");
  await page.getByText(/^About .* neurons/).waitFor();
  await page.getByText("Advanced", { exact: true }).click();
  await page.getByLabel("JSON Schema of the answer").fill('{ "type": "object"');
  await page.getByText("This text is not one.").waitFor();
  expect(await page.getByRole("button", { name: "Write" }).isDisabled()).toBe(true);
  await expectAccessible(page);
  await page.getByLabel("JSON Schema of the answer").fill('{ "type": "text" }');
  await page.getByText('"text" is not a type').waitFor();
  const schema = { type: "object", properties: { harbour: { type: "string" } }, required: ["harbour"] };
  await page.getByLabel("JSON Schema of the answer").fill(JSON.stringify(schema));
  await page.getByLabel("Instructions").fill("Be short.");
  await page.getByRole("button", { name: "Write" }).click();
  await page.getByRole("heading", { level: 1, name: "Name the harbour and count its boats." }).waitFor();
  await page.getByRole("region", { name: "The text" }).getByText('"harbour"').waitFor();
});

test("a text is classified, and the answer is on its page", async () => {
  const { page } = await darkroom.open("/new?from=text");
  await page.getByLabel("Text").fill("What a wonderful surprise, thank you!");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Classify" }).click();
  await page.getByText("POSITIVE").waitFor();
});

test("a file is chosen, started and its job opened with only the keyboard", async () => {
  const { page } = await darkroom.open("/");
  await page.keyboard.press("n");
  const choosing = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose files" }).focus();
  await page.keyboard.press("Enter");
  const path = join(folder, "by keyboard.txt");
  await writeFile(path, "A fine text, typed by hand.");
  await (await choosing).setFiles(path);
  await fileRow(page, "by keyboard.txt").getByText("neurons").waitFor();
  await page.getByRole("button", { name: "Start upload" }).focus();
  await page.keyboard.press("Enter");
  await fileRow(page, "by keyboard.txt").getByText("Uploaded").waitFor();
  await fileRow(page, "by keyboard.txt").getByRole("link").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "by keyboard.txt" }).waitFor();
});
