// A transcript that is still being made, one that follows the player, and the picture of a video.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Budget } from "../../client/index.ts";
import { ffmpeg } from "../audio/media.ts";
import { expectAccessible } from "./accessible.ts";
import { startProduct } from "./product.ts";
import { shoot } from "./shoot.ts";
import { putWords, recorded, SAMPLES, until, voiceNote } from "./transcripts.ts";

const darkroom = startProduct();
const NOTE = join(SAMPLES, "voice-note.mp3");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "darkroom-live-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function setBudget(neurons: number): Promise<Budget> {
  return darkroom.api("/v1/budgets/operator/day", { method: "PUT", body: JSON.stringify({ neurons }) });
}

test("words and lanes appear while a long recording is transcribed, with the state of each chunk", async () => {
  const file = join(folder, "long.mp3");
  await ffmpeg(["-stream_loop", "5", "-i", NOTE, "-c", "copy", file]);
  // The budget is enough for one of its two parts, which cost 28 neurons each.
  await setBudget(40);
  const { id } = await darkroom.api<{ id: string }>("/v1/uploads?name=long.mp3&reuse=false", {
    method: "POST",
    body: await readFile(file),
  });
  const { page } = await darkroom.open(`/jobs/${id}/transcript`);
  const parts = page.getByRole("list", { name: "Parts of the recording" });
  await parts.getByText("1 done").waitFor();
  await parts.getByText("1 waiting").waitFor();
  await page
    .getByText(/message for the people/)
    .first()
    .waitFor();
  await page.getByText(/daily budget is used up/).waitFor();
  await page.getByText("You can edit and export the transcript when the job has finished.").waitFor();
  await expectAccessible(page);
  await shoot(page, "live");
  // The recording can be played in the meantime.
  await page.locator('.player[data-by="source"]').waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await until(async () => (await page.locator(".player-now").textContent()) !== "0:00");
  await darkroom.api("/v1/budgets/operator/day", { method: "DELETE" });
  await page.getByText("Completed").waitFor();
  await page.getByRole("button", { name: "Export" }).waitFor();
  expect(await page.locator(".line").count()).toBeGreaterThan(15);
  const { chunks } = await darkroom.api<{ chunks: { state: string; startMs: number; endMs: number }[] }>(
    `/v1/jobs/${id}/chunks`,
  );
  expect(chunks.length).toBeGreaterThan(1);
  expect(new Set(chunks.map(({ state }) => state))).toEqual(new Set(["done"]));
  expect(chunks.slice(1).every(({ startMs }, index) => startMs === chunks[index]?.endMs)).toBe(true);
});

test("the page follows the speech while it plays, until the person scrolls, and again when they ask for it", async () => {
  const id = await voiceNote(darkroom);
  await putWords(darkroom, id, () => ({
    segments: Array.from({ length: 100 }, (_, index) => ({
      startMs: index * 100,
      endMs: index * 100 + 90,
      text: `This is line number ${index}.`,
      words: [],
    })),
  }));
  const { page } = await darkroom.open(`/jobs/${id}/transcript`);
  await page.getByText("This is line number 99.").waitFor();
  await page.keyboard.press(" ");
  await until(async () => (await spokenPlace(page)).index > 60);
  expect((await spokenPlace(page)).isOnScreen).toBe(true);
  await page.getByRole("button", { name: "Following" }).waitFor();
  await expectAccessible(page);
  await page.mouse.move(400, 400);
  await page.mouse.wheel(0, -6000);
  await page.getByRole("button", { name: "Follow along", pressed: false }).waitFor();
  await page.keyboard.press("f");
  await page.getByRole("button", { name: "Following", pressed: true }).waitFor();
  await until(async () => (await spokenPlace(page)).isOnScreen);
});

async function spokenPlace(page: Page): Promise<{ readonly index: number; readonly isOnScreen: boolean }> {
  return page.evaluate(`(() => {
    const line = document.querySelector(".line.is-spoken");
    const { top, bottom } = line?.getBoundingClientRect() ?? { top: -1, bottom: -1 };
    return { index: Number(line?.dataset.line ?? -1), isOnScreen: top >= 0 && bottom <= innerHeight };
  })()`);
}

test("a film is shown beside the words, with the captions that would be exported", async () => {
  const file = join(folder, "film.mp4");
  // The video is red for six seconds and then blue, so the colour gives the time.
  const picture = "color=red:s=320x180:r=10:d=6[r];color=blue:s=320x180:r=10:d=6[b];[r][b]concat=n=2:v=1[v]";
  const encoded = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "10", "-c:a", "aac", "-shortest"];
  await ffmpeg(["-i", NOTE, "-filter_complex", picture, "-map", "[v]", "-map", "0:a", ...encoded, file]);
  const id = await recorded(darkroom, "film.mp4", await readFile(file));
  const { page } = await darkroom.open(`/jobs/${id}/transcript`);
  await page.getByText(/message for the people/).waitFor();
  const picturePlace = page.locator(".player-picture video");
  await picturePlace.waitFor();
  await until(async () => (await colourOf(page, ".player-picture video")) === "red");
  await page.getByText(/finish the work/).click();
  await until(async () => (await colourOf(page, ".player-picture video")) === "blue");
  await expectAccessible(page);
  await shoot(page, "film");
  await page.keyboard.press("k");
  await page.keyboard.press("k");
  await page.keyboard.press("k");
  await page.keyboard.press("o");
  const dialog = page.getByRole("dialog", { name: "Export" });
  await dialog
    .locator(".preview-caption")
    .getByText(/hello this is a message/)
    .waitFor();
  await until(async () => (await colourOf(page, ".preview-picture video")) === "red");
  await expectAccessible(page);
  await shoot(page, "film-captions");
  const next = dialog.getByRole("button", { name: "Next caption" });
  while (await next.isEnabled()) await next.click();
  await until(async () => (await colourOf(page, ".preview-picture video")) === "blue");
  // The words are on the picture, not next to it.
  const [frame, words] = await Promise.all(
    [".preview-picture", ".preview-caption"].map((one) => dialog.locator(one).boundingBox()),
  );
  expect(words?.y).toBeGreaterThan((frame?.y ?? 0) + (frame?.height ?? 0) / 2);
  expect((words?.y ?? 0) + (words?.height ?? 0)).toBeLessThanOrEqual((frame?.y ?? 0) + (frame?.height ?? 0));
});

/** Return the main colour in the middle of a picture. */
async function colourOf(page: Page, selector: string): Promise<string> {
  return page.evaluate(`(() => {
    const video = document.querySelector(${JSON.stringify(selector)});
    if (video === null || video.readyState < 2) return "nothing";
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0, 1, 1);
    const [red, , blue] = context.getImageData(0, 0, 1, 1).data;
    return red > 2 * blue ? "red" : blue > 2 * red ? "blue" : "neither";
  })()`);
}
