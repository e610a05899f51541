// How a browser's own player reads our captions, and in which direction it draws them.
import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { toVtt } from "../../shared/captions/captions.ts";
import { CAPTION_PRESETS, layoutCaptions } from "../../shared/captions/layout.ts";
import { someOptions, speak } from "../caption-properties.ts";
import { seeded } from "../scripted-speaker.ts";
import { CHROMIUM, CHROMIUM_ARGUMENTS } from "./running.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS });
}, 120_000);
afterAll(() => browser.close());

interface ReadCue {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
}

/** A script that returns the cues of a `<track>` with this text. */
const READ = `async (vtt) => {
  const video = document.createElement("video");
  const track = document.createElement("track");
  track.src = URL.createObjectURL(new Blob([vtt], { type: "text/vtt" }));
  track.default = true;
  video.append(track);
  document.body.append(video);
  track.track.mode = "hidden";
  await new Promise((resolve, reject) => {
    track.onload = resolve;
    track.onerror = () => reject(new Error("the track was refused"));
  });
  const cues = [...track.track.cues].map((cue) => ({
    startMs: Math.round(cue.startTime * 1000),
    endMs: Math.round(cue.endTime * 1000),
    text: cue.getCueAsHTML().textContent,
  }));
  video.remove();
  return cues;
}`;

test("a <track> has the cues that were laid out, in twelve scripts", async () => {
  const page = await browser.newPage();
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = seeded(seed);
    const cues = layoutCaptions(speak(random), someOptions(random));
    const read = await page.evaluate<readonly ReadCue[]>(`(${READ})(${JSON.stringify(toVtt(cues))})`);
    const expected = cues.map(({ startMs, endMs, lines, direction }) => ({
      startMs,
      endMs,
      text: lines.map((line) => (direction === "rtl" ? "\u200F" : "") + line).join("\n"),
    }));
    expect(read, `seed ${seed}`).toEqual(expected);
  }
  await page.close();
});

test("a line that begins with a name in Latin letters is drawn from right to left in an Arabic cue", async () => {
  const page = await browser.newPage();
  const segment = { startMs: 0, endMs: 4000, text: "YouTube قناة جديدة!", words: [] };
  // A cue's box is laid out with unicode-bidi: plaintext (WebVTT, 7.3).
  const places = (language: string | null) => {
    const [cue] = layoutCaptions([segment], CAPTION_PRESETS.netflix, language);
    const vtt = toVtt(cue === undefined ? [] : [cue]);
    return page.evaluate<{ name: number; mark: number }>(`(async () => {
      const [cue] = await (${READ})(${JSON.stringify(vtt)});
      const box = document.createElement("div");
      box.style.unicodeBidi = "plaintext";
      box.textContent = cue.text;
      document.body.append(box);
      const leftOf = (text) => {
        const range = document.createRange();
        const at = cue.text.indexOf(text);
        range.setStart(box.firstChild, at);
        range.setEnd(box.firstChild, at + text.length);
        return range.getBoundingClientRect().left;
      };
      const places = { name: leftOf("YouTube"), mark: leftOf("!") };
      box.remove();
      return places;
    })()`);
  };
  const arabic = await places("ar");
  expect(arabic.mark).toBeLessThan(arabic.name);
  // Without the mark, the name decides the direction, and the end of the sentence is at the right.
  const unmarked = await places(null);
  expect(unmarked.mark).toBeGreaterThan(unmarked.name);
  await page.close();
});
