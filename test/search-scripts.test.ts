// Words are found in text of every script: where it has no spaces, inside it, and of one character as well.
import { expect, test } from "vitest";

import { markedWords } from "../dashboard/jobs/marked-words.ts";
import { foldForms, indexedText, together } from "../shared/search/indexed-text.ts";
import { d1Index } from "../shared/search/d1-index.ts";
import { matchWords } from "../shared/search/match-words.ts";
import type { Hit } from "../shared/search/passage.ts";
import { KEYS, startDarkroom } from "./harness.ts";
import { insertJob, passagesOf } from "./passages.ts";

const darkroom = startDarkroom();

async function put(texts: readonly string[], jobId = "job_a", ownerId = "operator"): Promise<void> {
  const { DB } = darkroom.bindings();
  await insertJob(DB, jobId, ownerId);
  const job = { id: jobId, ownerId, kind: "classification" } as const;
  const passages = passagesOf(
    jobId,
    texts.map((text) => ({ text })),
  );
  await d1Index(DB).put(job, { passages, space: "s" });
}

const search = (text: string): Promise<readonly Hit[]> =>
  d1Index(darkroom.bindings().DB).query({ ownerId: "operator", text, meaning: null, limit: 10 });

const found = async (text: string) => (await search(text)).map((hit) => hit.text);

const LIBRARY = [
  "今日は天気がいいですね。明日も公園に行きましょう。",
  "スーパーマーケットでコーヒーを買ってから帰ります。",
  "我们今天讨论预算和天气，北京大学的老师也来了。",
  "新しいiPhoneの価格は、GPUより高い。",
  "다음 주 회의에서 예산을 이야기합니다.",
  "날씨가 좋으면 공원에 갑시다.",
  "วันนี้เราจะประชุมเรื่องงบประมาณของประเทศไทย",
  "หมาตัวใหญ่มาจากบ้าน",
  "ມື້ນີ້ອາກາດດີຫຼາຍ",
  "ថ្ងៃនេះយើងប្រជុំអំពីថវិកា",
  "ဒီနေ့ရာသီဥတုအရမ်းကောင်းတယ်",
  "आज हम बजट के बारे में बात करेंगे",
  "Wir sprechen über das Budget und das Wetter.",
];

test.each([
  ["天気", [0]],
  ["天", [0, 2]],
  ["コーヒー", [1]],
  ["ｺｰﾋｰ", [1]],
  ["预算", [2]],
  ["天气", [2]],
  ["北京", [2]],
  ["北京的大学", [2]],
  ["iphone", [3]],
  ["ＧＰＵ", [3]],
  ["価格", [3]],
  ["예산", [4]],
  ["예산은", [4]],
  ["예산".normalize("NFD"), [4]],
  ["날씨", [5]],
  ["งบประมาณ", [6]],
  ["ประเทศไทย", [6]],
  ["บ้าน", [7]],
  // Another word without its tone mark.
  ["บาน", []],
  ["ອາກາດ", [8]],
  ["ថវិកា", [9]],
  ["ရာသီဥတု", [10]],
  ["बजट", [11]],
  ["बाजट", []],
  ["budget", [12]],
  ["weather", []],
])("'%s' is found where it is said", async (query, places) => {
  await put(LIBRARY);
  expect(new Set(await found(query))).toEqual(new Set(places.map((place) => LIBRARY[place])));
});

test("a sentence without spaces finds what has its words, the one that has most of them first", async () => {
  await put(LIBRARY);
  expect((await found("公園の天気はどうですか"))[0]).toBe(LIBRARY[0]);
  expect((await found("明天北京的天气怎么样"))[0]).toBe(LIBRARY[2]);
  expect((await found("งบประมาณของเราในวันนี้"))[0]).toBe(LIBRARY[6]);
  // Particles alone find nothing beside words that say something.
  expect(await found("コーヒーは")).toEqual([LIBRARY[1]]);
});

test("the snippet is what is around the words, as it was said, and no longer than it has to be", async () => {
  const long = `${"あれこれと話が続きます。".repeat(20)}そこで予算の話になりました。${"それから別の話です。".repeat(20)}`;
  await put([long]);
  const [hit] = await search("予算");
  expect(hit?.snippet).toContain("そこで予算の話になりました。");
  expect(hit?.snippet).toMatch(/^….*…$/u);
  expect(Array.from(hit?.snippet ?? "").length).toBeLessThan(90);
  expect(hit?.snippet).not.toContain("\u200B");
  expect(long).toContain((hit?.snippet ?? "").slice(1, -1));
});

test("what was typed without spaces is no syntax either, and another owner's is not found", async () => {
  await put(["予算"], "job_theirs", "other");
  expect(await found("予算")).toEqual([]);
  for (const query of ['予"算', "予* 算", "予 AND 算", "NEAR(予 算)", "予\u0000算"])
    expect(await found(query)).toEqual([]);
  expect(matchWords("o", "☃")).toBeNull();
});

test("a text comes back from its index as it was, in one form of its letters", () => {
  for (const text of LIBRARY) {
    expect(together(indexedText(text) ?? text)).toBe(foldForms(text));
    // What is apart already stays so.
    expect(indexedText(indexedText(text) ?? text)).toBeNull();
  }
  expect(indexedText("plain words, and a café")).toBeNull();
  expect(indexedText("天".repeat(30_000))).toBeNull();
});

test("passages from before are found as they were, and inside their text once maintenance has come by", async () => {
  const { DB } = darkroom.bindings();
  await put([...LIBRARY, "the boats leave at dawn"]);
  await DB.prepare("UPDATE passages SET indexed_text = NULL").run();
  await DB.prepare("DELETE FROM cursors WHERE name = 'indexed_texts'").run();
  expect(await found("boats")).toEqual(["the boats leave at dawn"]);
  expect(await found("天気")).toEqual([]);
  await darkroom.maintain();
  expect(await found("天気")).toEqual([LIBRARY[0]]);
  expect(await found("boats")).toEqual(["the boats leave at dawn"]);
  expect(await DB.prepare("SELECT value FROM cursors WHERE name = 'indexed_texts'").first("value")).toBe("all");
  // An edit and a deletion leave nothing of the old text behind.
  await DB.prepare("DELETE FROM passages").run();
  expect(await found("天気")).toEqual([]);
  await DB.prepare("INSERT INTO passages_fts (passages_fts) VALUES ('integrity-check')").run();
});

test("every way into the index is one in which words are found", async () => {
  // By its own words, once it has ended; then by its meaning as well.
  const text = "我们今天讨论预算和天气";
  const { id } = await darkroom.submit({ kind: "classification", text });
  await darkroom.untilJob(id);
  const hits = async (query: string) =>
    (
      await (
        await darkroom.api(`/v1/search?${new URLSearchParams({ q: query }).toString()}`)
      ).json<{ hits: { jobId: string; snippet: string; foundBy: string[] }[] }>()
    ).hits.filter(({ foundBy }) => foundBy.includes("words"));
  expect(await hits("预算")).toMatchObject([{ jobId: id, snippet: text }]);
  const embedded = await darkroom.submit({ kind: "classification", text: "งบประมาณของประเทศ", then: ["embed"] });
  await darkroom.untilJob(embedded.id);
  expect(await hits("งบประมาณ")).toMatchObject([{ jobId: embedded.id }]);
  // A job that shows another's result is found once that one is deleted.
  const second = await darkroom.submit({ kind: "classification", text });
  await darkroom.untilJob(second.id);
  expect((await darkroom.api(`/v1/jobs/${id}`, { method: "DELETE", key: KEYS.operator })).ok).toBe(true);
  expect(await hits("天气")).toMatchObject([{ jobId: second.id }]);
});

test.each([
  ["予算会議は", ["予算会議は", "予算", "会議"]],
  ["天", ["天"]],
  ["a harbour", ["harbour"]],
  ["예산은 얼마", ["예산은", "얼마"]],
  ["हिन्दी बजट", ["हिन्दी", "बजट"]],
  ["!?", []],
])("of '%s' the page marks the words that say something", (question, words) => {
  expect(markedWords(question)).toEqual(words);
});
