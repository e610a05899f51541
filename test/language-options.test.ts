// The accepted languages, how their tags are normalised, and that others are refused at every entrance.
import { toFile } from "openai";
import { expect, test } from "vitest";

import { createClient } from "../client/index.ts";
import { inputOf } from "../producer/replicate/inputs.ts";
import { foldLanguage, unknownLanguage, WHISPER_LANGUAGES } from "../shared/kinds/transcription/languages.ts";
import { TranscriptionOptions } from "../shared/kinds/transcription/options.ts";
import { TranscriptionInput } from "../shared/kinds/transcription/kind.ts";
import { openAi } from "./dialects.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();

test.each([
  ["en", "en"],
  ["EN", "en"],
  ["en-US", "en"],
  ["pt-BR", "pt"],
  ["pt_BR", "pt"],
  ["zh-Hant", "zh"],
  ["zh-Hans-CN", "zh"],
  ["cmn-Hans", "zh"],
  ["zh-yue", "yue"],
  ["yue-HK", "yue"],
  ["eng", "en"],
  ["ger", "de"],
  ["iw", "he"],
  ["in", "id"],
  ["jv", "jw"],
  ["nb-NO", "no"],
  ["nn", "nn"],
  ["fil", "tl"],
  ["tl", "tl"],
  ["sr-Latn", "sr"],
  ["haw", "haw"],
])("%s is Whisper's %s", (tag, code) => {
  expect(TranscriptionOptions.parse({ language: tag }).language).toBe(code);
});

test("each of Whisper's own codes is its own, and in one form", () => {
  expect(WHISPER_LANGUAGES.size).toBe(100);
  for (const code of WHISPER_LANGUAGES) expect([code, foldLanguage(code.toUpperCase())]).toEqual([code, code]);
});

test.each([
  ["jp", /'ja' \(Japanese\)/],
  ["gr", /'el' \(Greek\)/],
  ["kr", /'ko' \(Korean\)/],
  ["ua", /'uk' \(Ukrainian\)/],
  ["English", /'en' \(English\)/],
  ["germn", /'de' \(German\)/],
  ["gsw", /Whisper does not know the language 'gsw'/],
  ["auto", /leave it out/],
  ["", /Whisper does not know the language ''/],
  ["x", /Whisper does not know the language 'x'/],
  ["not a tag", /Whisper does not know the language 'not a tag'/],
])("'%s' is refused, and the message names similar languages", (tag, message) => {
  const parsed = TranscriptionOptions.safeParse({ language: tag });
  expect(parsed.error?.issues).toMatchObject([{ path: ["language"], message: expect.stringMatching(message) }]);
  expect(unknownLanguage(tag)).toMatch(message);
});

test("a tier that knows English takes it in any form, and a job that was stored stays one", () => {
  expect(TranscriptionOptions.parse({ tier: "fast", language: "en-GB" }).language).toBe("en");
  expect(TranscriptionOptions.safeParse({ tier: "fast", language: "de-AT" }).success).toBe(false);
  const source = { key: "inbox/a.mp3", etag: "e", sizeBytes: 1 };
  const stored = TranscriptionInput.safeParse({ source, options: { language: "xyz" } });
  expect(stored.data?.options.language).toBe("xyz");
});

test("a language is folded on every way in, and an unknown one is refused before anything is paid", async () => {
  const { id } = await darkroom.upload({ name: "a.wav", options: '{"language":"pt-BR"}' }, speech("one two"));
  expect((await darkroom.untilJob(id)).input).toMatchObject({ options: { language: "pt" } });
  const { MEDIA } = darkroom.bindings();
  await MEDIA.put("elsewhere/a.wav", speech("one two"));
  const source = "elsewhere/a.wav";
  const job = await darkroom.submit({ kind: "transcription", source, options: { language: "EN-us" } });
  expect((await darkroom.untilJob(job.id)).input).toMatchObject({ options: { language: "en" } });
  // The same work by another tag is the same work.
  const again = await darkroom.submit({ kind: "transcription", source, options: { language: "eng" } });
  expect((await darkroom.untilJob(again.id)).reused?.jobId).toBe(job.id);

  const near = /Whisper does not know the language 'jp'. Similar: 'ja' \(Japanese\)/;
  const refused = await darkroom.post("/v1/jobs", { kind: "transcription", source, options: { language: "jp" } });
  expect([refused.status, await refused.text()]).toEqual([422, expect.stringMatching(near)]);
  const upload = await darkroom.api('/v1/uploads?name=b.wav&options={"language":"jp"}', {
    method: "POST",
    body: speech("one two"),
  });
  expect([upload.status, await upload.text()]).toEqual([415, expect.stringMatching(near)]);
  await darkroom.putAndAnnounce("inbox/c.wav", speech("one two"), { options: '{"language":"jp"}' });
  const listed = async () =>
    (await darkroom.api("/v1/uploads")).json<{ uploads: { key: string; ignoredReason: string | null }[] }>();
  const { uploads } = await until(listed, (list) => list.uploads.some(({ key }) => key === "inbox/c.wav"));
  expect(uploads.find(({ key }) => key === "inbox/c.wav")?.ignoredReason).toMatch(near);

  const client = openAi(darkroom, KEYS.operator);
  const file = await toFile(Buffer.from(speech("one two")), "d.wav");
  const { text } = await client.audio.transcriptions.create({ file, model: "whisper-1", language: "EN" });
  expect(text).toBe("one two");
  const spoken = inputOf("openai/whisper").parse({ audio: "data:,", language: "pt-BR" });
  expect(spoken.request).toMatchObject({ options: { language: "pt" } });
  expect(inputOf("openai/whisper").parse({ audio: "data:,", language: "auto" }).request).toEqual({
    kind: "transcription",
    options: { tier: "accurate" },
  });
  const replicate = inputOf("openai/whisper").safeParse({ audio: "data:,", language: "jp" });
  expect(replicate.error?.issues).toMatchObject([{ path: ["language"], message: expect.stringMatching(near) }]);
  const unknown = client.audio.transcriptions.create({ file, model: "whisper-1", language: "jp" });
  await expect(unknown).rejects.toMatchObject({ status: 400, param: "language", message: expect.stringMatching(near) });
});

/** Make a job whose transcript is this text. The scripted model only transcribes Latin letters. */
async function transcriptOf(text: string): Promise<string> {
  const { id } = await darkroom.upload({ name: "a.wav", reuse: "false" }, speech("a b c d e f g h i j k l"));
  await darkroom.untilJob(id);
  const { jobs } = createClient({ baseUrl: darkroom.origin(), key: KEYS.operator });
  const { etag, transcript } = await jobs.version(id);
  const count = transcript.segments[0]?.words.length ?? 0;
  await jobs.edit(id, etag ?? "", [{ op: "replace", segment: 0, word: 0, count, words: [{ text }] }]);
  return id;
}

test("captions that the API renders follow the language of the text", async () => {
  const arabic = await transcriptOf("مرحبا بكم في الاجتماع");
  const read = async (id: string, query: string) => (await darkroom.api(`/v1/jobs/${id}/transcript?${query}`)).text();
  for (const query of ["format=vtt", "format=vtt&preset=bbc"]) {
    expect([query, await read(arabic, query)]).toEqual([query, expect.stringContaining("\n\u200Fمرحبا")]);
  }
  expect(await read(arabic, "format=srt")).toContain("\n\u202Bمرحبا");
  expect(await read(arabic, "format=txt")).toBe("مرحبا بكم في الاجتماع\n");

  const sentence = "今日は天気がいいですね明日も公園へ行きましょう予算の会議は三時から始まります";
  const japanese = await transcriptOf(sentence);
  const linesOf = async (query: string) =>
    (await read(japanese, `format=vtt&${query}`)).split("\n").filter((line) => /\p{Script=Han}/u.test(line));
  const lines = await linesOf("preset=netflix");
  expect(lines.join("")).toBe(sentence);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(13);
  // A single option overrides the option of the language.
  expect(Math.max(...(await linesOf("preset=netflix&maxLineLength=60")).map((line) => line.length))).toBeGreaterThan(
    13,
  );

  // Edited words are found inside the text.
  const query = new URLSearchParams({ q: "予算" }).toString();
  const { hits } = await (await darkroom.api(`/v1/search?${query}`)).json<{ hits: { jobId: string }[] }>();
  expect(hits.map(({ jobId }) => jobId)).toEqual([japanese]);
});
