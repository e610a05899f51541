// A transcript with its player: every container, long transcripts, and hostile text.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { ffmpeg } from "../audio/media.ts";
import { expectAccessible } from "./accessible.ts";
import { startProduct } from "./product.ts";
import { longTalk, putWords, recorded, SAMPLES, until, voiceNote } from "./transcripts.ts";

const darkroom = startProduct();
/** A folder for screenshots of the view. */
const SHOTS = process.env["SHOTS"];
const NOTE = join(SAMPLES, "voice-note.mp3");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "darkroom-transcript-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Return the text that the browser marks as spoken. */
const spoken = (page: Page) =>
  page.evaluate<string>(`[...(CSS.highlights.get("transcript-spoken") ?? [])].map(String).join(" ")`);

/** Return the place of a word on the screen. */
async function placeOf(page: Page, word: string): Promise<{ x: number; y: number }> {
  return page.evaluate(`(() => {
    const walker = document.createTreeWalker(document.querySelector(".lines"), NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const start = node.nodeValue.search(new RegExp("\\\\b" + ${JSON.stringify(word)} + "\\\\b"));
      if (start < 0 || node.parentElement.tagName !== "P") continue;
      const range = document.createRange();
      range.setStart(node, start);
      range.setEnd(node, start + ${word.length});
      const { left, top, width, height } = range.getBoundingClientRect();
      return { x: left + width / 2, y: top + height / 2 };
    }
    return null;
  })()`);
}

async function clickWord(page: Page, word: string): Promise<void> {
  const { x, y } = await placeOf(page, word);
  await page.mouse.click(x, y);
}

/** Return the shown place of the player, in whole seconds. */
async function placeSeconds(page: Page): Promise<number> {
  const parts = ((await page.locator(".player-now").textContent()) ?? "").split(":");
  return parts.reduce((sum, digits) => sum * 60 + Number(digits), 0);
}

// A wait inside the page would evaluate code there, which its policy forbids.
const playedTo = (page: Page, seconds: number) => until(async () => (await placeSeconds(page)) >= seconds);
const standsAt = (page: Page, seconds: number) => until(async () => (await placeSeconds(page)) === seconds);

test("a click on a word goes to its second, the word that is spoken is marked, and keys do the same", async () => {
  const id = await voiceNote(darkroom);
  const { page } = await darkroom.open(`/jobs/${id}/transcript?at=2.5`);
  await page.getByText(/message for the people/).waitFor();
  await page.getByText("0:02", { exact: true }).waitFor();
  expect(await spoken(page)).toBe("the");
  await clickWord(page, "lunch");
  await standsAt(page, 6);
  expect(await spoken(page)).toBe("lunch");
  await page.keyboard.press(" ");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await playedTo(page, 7);
  await page.keyboard.press(" ");
  await page.getByRole("button", { name: "Play", exact: true }).waitFor();
  expect(await spoken(page)).not.toBe("lunch");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await standsAt(page, 0);
  await clickWord(page, "hello");
  await page.keyboard.press("j");
  await standsAt(page, 5);
  await page.keyboard.press(".");
  expect(await page.getByRole("combobox", { name: "Speed" }).inputValue()).toBe("1.1");
  await page.keyboard.press("b");
  await page.getByRole("button", { name: "Slow repeat", pressed: true }).waitFor();
  await page.getByRole("button", { name: "Slow repeat", pressed: false }).waitFor({ timeout: 30_000 });
  await page.keyboard.press(" ");
  // The sound around it was decoded and drawn.
  await until(() =>
    page.evaluate<boolean>(`(() => {
    const canvas = document.querySelector("canvas.waveform");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, Math.floor(canvas.height / 3));
    let drawn = 0;
    for (let at = 3; at < data.length; at += 4) drawn += data[at] > 0 ? 1 : 0;
    return drawn > 400;
  })()`),
  );
  if (SHOTS !== undefined) {
    await page.screenshot({ path: join(SHOTS, "light.png") });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.screenshot({ path: join(SHOTS, "phone.png") });
  }
  await expectAccessible(page);
});

test("a recording that browsers do not play is played by stretches", async () => {
  const file = join(folder, "note.ts");
  await ffmpeg(["-i", NOTE, "-c:a", "aac", "-f", "mpegts", file]);
  const id = await recorded(darkroom, "note.ts", await readFile(file));
  const { page } = await darkroom.open(`/jobs/${id}`);
  await page.getByText(/message for the people/).waitFor();
  await page.locator('.player[data-by="stretches"]').waitFor({ timeout: 20_000 });
  await clickWord(page, "afternoon");
  await page.keyboard.press(" ");
  await playedTo(page, 9);
  await page.keyboard.press(" ");
});

test("60,000 words open in under two seconds, all can be found, and scrolling stays smooth", async () => {
  const id = await voiceNote(darkroom);
  await putWords(darkroom, id, () => ({ segments: longTalk(60_000), durationMs: 20_000_000 }));
  const { page } = await darkroom.open("/");
  // Measure the work of the page itself, independent of the machine's load.
  const profiler = await page.context().newCDPSession(page);
  await profiler.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(`${darkroom.origin()}/jobs/${id}/transcript`);
  await page.locator('[data-line="4999"]').waitFor({ state: "attached" });
  const openedMs = await page.evaluate<number>("performance.now()");
  const { metrics } = await profiler.send("Performance.getMetrics");
  const workMs = 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN);
  console.log(`60,000 words opened after ${Math.round(openedMs)} ms, with ${Math.round(workMs)} ms of work`);
  expect(workMs).toBeLessThan(2000);
  expect(await page.evaluate("document.querySelectorAll('.lines *').length")).toBeLessThan(25_001);
  await page.evaluate(`(async () => {
    for (let step = 0; step < 40; step += 1) {
      scrollBy(0, 3000);
      await new Promise(requestAnimationFrame);
    }
  })()`);
  const after = (await profiler.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration");
  const stepMs = (1000 * (after?.value ?? Number.NaN) - workMs) / 40;
  console.log(`drawing 3,000 px of lines that were never drawn took ${Math.round(stepMs)} ms`);
  expect(stepMs).toBeLessThan(100);
  // Find in page reaches lines that were never drawn.
  await page.evaluate(`document.querySelector('[data-line="4711"] p').textContent = "a needle in the hay"`);
  await page.evaluate("scrollTo(0, 0)");
  expect(await page.evaluate(`find("a needle in the hay")`)).toBe(true);
});

test("gaps and doubtful parts are reached by a key, and say why", async () => {
  const id = await voiceNote(darkroom);
  await putWords(darkroom, id, () => ({
    gaps: [{ startMs: 9000, endMs: 10_000, reason: "model_failed" }],
    lowConfidence: [{ startMs: 5000, endMs: 9000, reason: "the model was unsure" }],
  }));
  const { page } = await darkroom.open(`/jobs/${id}/transcript`);
  await page.getByRole("button", { name: "2 doubtful places" }).waitFor();
  await page.keyboard.press("x");
  await page.getByText("0:05: the model was unsure").waitFor();
  await page.keyboard.press("x");
  await page.getByText(/0:09: this part was not transcribed/).waitFor();
  if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, "doubts.png") });
  await page.keyboard.press("X");
  await standsAt(page, 5);
  await expectAccessible(page);
});

test("hostile words are text: nothing in them runs, and they do not break the page", async () => {
  const id = await voiceNote(darkroom);
  const hostile = [
    `<script>document.title = "owned"</script><img src=x onerror="document.title='owned'">`,
    "\u202Egnp.exe reversed \u202E and \u2066 isolated",
    "w".repeat(4000),
    "שלום עולם this is mixed",
  ];
  await putWords(darkroom, id, () => ({
    segments: hostile.map((text, index) => ({
      startMs: index * 2000,
      endMs: index * 2000 + 1900,
      text,
      words: [],
      speaker: `<b>${text.slice(0, 60)}</b>`,
    })),
  }));
  const { page } = await darkroom.open(`/jobs/${id}/transcript`);
  await page.getByText("<script>document").last().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, "hostile.png") });
  await expectAccessible(page);
  expect(await page.title()).not.toBe("owned");
  expect(await page.evaluate(`getComputedStyle(document.querySelector('[data-line="3"] p')).direction`)).toBe("rtl");
});

test("a browser without highlights marks the word in another way", async () => {
  const id = await voiceNote(darkroom);
  const { page } = await darkroom.open("/");
  await page.addInitScript("delete globalThis.Highlight; delete CSS.highlights;");
  await page.goto(`${darkroom.origin()}/jobs/${id}/transcript?t=6400`);
  await page.getByText(/message for the people/).waitFor();
  const box = await page.locator('.mark-box[data-mark="spoken"]').boundingBox();
  const word = await placeOf(page, "lunch");
  expect(
    box !== null && word.x > box.x && word.x < box.x + box.width && word.y > box.y && word.y < box.y + box.height,
  ).toBe(true);
});

test("an answer appears while it is written, and a transcript is exported as it is previewed", async () => {
  const id = await voiceNote(darkroom);
  const { page } = await darkroom.open(`/jobs/${id}/transcript`);
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await page.getByRole("textbox", { name: "Question" }).fill("When will they be back in the afternoon?");
  await page.keyboard.press("Enter");
  await page.getByText(/read all of it · .* neurons/).waitFor({ timeout: 60_000 });
  await page.getByRole("region", { name: "Ask about it" }).getByText(/three/).waitFor();
  await expectAccessible(page);
  if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, "ask.png") });
  await page.locator(".answer-text .link").last().click();
  await until(async () => (await placeSeconds(page)) > 0);
  await page.getByRole("textbox", { name: "Question" }).focus();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Export" }).click();
  const dialog = page.getByRole("dialog", { name: "Export" });
  await dialog.getByText(/hello this is a message/).waitFor();
  await expectAccessible(page);
  if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, "export.png") });
  await dialog.getByText("BBC").click();
  await dialog.getByLabel(/Line length/).fill("20");
  await until(async () => {
    const lines = await page.locator(".preview-line").allTextContents();
    return lines.length > 0 && lines.every(({ length }) => length <= 20);
  });
  for (const [name, pattern] of [
    ["SubRip", /^1\n00:00:00,\d{3} --> /],
    ["Text", /^hello this is a message/],
    ["Markdown", /^# voice-note\n\n\*\*0:00\*\*\n\nhello this/],
    ["JSON", /^\{\n {2}"model"/],
  ] as const) {
    if (!(await dialog.isVisible())) await page.getByRole("button", { name: "Export" }).click();
    await dialog.getByText(name, { exact: true }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      dialog.getByRole("button", { name: `Export ${name}` }).click(),
    ]);
    expect(await readFile(await download.path(), "utf8")).toMatch(pattern);
  }
});
