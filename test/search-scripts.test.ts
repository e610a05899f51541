// Words are found in text of every script: without spaces, inside the text, and also with one character.
import { expect, test } from "vitest";

import { markedWords } from "../dashboard/jobs/marked-words.ts";
import { passagePages } from "../shared/db/search/pages.ts";
import { foldForms, indexedText, together, withIndexedText } from "../shared/search/indexed-text.ts";
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
  "I ❤️gardens, and press 1️⃣now",
  "ガスの火",
  "葛\u{E0100}飾区の祭り",
  "ذَهَبَ الوَلَدُ إلى المــدرسة",
  "שָׁלוֹם לכולם",
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
  ["gardens", [13]],
  ["now", [13]],
  // A full-width letter with a half-width mark.
  ["カﾞｽ", [14]],
  // A variant of the letter, and marks and strokes that writers leave out.
  ["葛飾", [15]],
  ["ذهب", [16]],
  ["المدرسة", [16]],
  ["الوَلَد", [16]],
  ["שלום", [17]],
])("'%s' is found where it occurs", async (query, places) => {
  await put(LIBRARY);
  expect(new Set(await found(query))).toEqual(new Set(places.map((place) => LIBRARY[place])));
});

test("a sentence without spaces finds what has its words, the one that has most of them first", async () => {
  await put(LIBRARY);
  expect((await found("公園の天気はどうですか"))[0]).toBe(LIBRARY[0]);
  expect((await found("明天北京的天气怎么样"))[0]).toBe(LIBRARY[2]);
  expect((await found("งบประมาณของเราในวันนี้"))[0]).toBe(LIBRARY[6]);
  // Particles do not count next to meaningful words.
  expect(await found("コーヒーは")).toEqual([LIBRARY[1]]);
});

test("words that are adjacent in the query rank first where they are adjacent, in any script", async () => {
  const adjacent = "新しいGPT模型について話しました。";
  await put(["模型の店でGPTの話をした。模型とGPT。", adjacent, "GPT、GPTと模型、模型。"]);
  expect((await found("GPT模型"))[0]).toBe(adjacent);
  await put(["3人で来て、月を見た。月と3人。", "会議は3月です。", "月、月、3、3。"]);
  expect((await found("3月"))[0]).toBe("会議は3月です。");
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

test("a query without spaces is not syntax either, and does not find passages of another owner", async () => {
  await put(["予算"], "job_theirs", "other");
  expect(await found("予算")).toEqual([]);
  for (const query of ['予"算', "予* 算", "予 AND 算", "NEAR(予 算)", "予\u0000算"])
    expect(await found(query)).toEqual([]);
  expect(matchWords("o", "☃")).toBeNull();
});

test("a text comes back from its index as it was, in one form of its letters", () => {
  for (const text of LIBRARY) {
    expect(together(indexedText(text) ?? text)).toBe(foldForms(text));
    expect(foldForms(foldForms(text))).toBe(foldForms(text));
    // Separate words stay separate.
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
  // An earlier version writes this during a deployment. It does not have indexed text.
  await DB.prepare(
    "INSERT INTO passages (id, owner_id, job_id, kind, source, text, space) SELECT 'late', owner_id, job_id, kind, source, '预算', '' FROM passages LIMIT 1",
  ).run();
  await DB.prepare("UPDATE passages SET text = '明日は雨です' WHERE text = ?1").bind(LIBRARY[0]).run();
  expect(await found("天気")).toEqual([]);
  await DB.prepare("INSERT INTO passages_fts (passages_fts, rank) VALUES ('integrity-check', 1)").run();
  await darkroom.maintain();
  expect(await found("雨")).toEqual(["明日は雨です"]);
  expect(new Set(await found("预算"))).toEqual(new Set(["预算", LIBRARY[2]]));
  // An edit and a deletion leave nothing of the old text behind.
  await DB.prepare("DELETE FROM passages").run();
  expect(await found("天気")).toEqual([]);
  await DB.prepare("INSERT INTO passages_fts (passages_fts, rank) VALUES ('integrity-check', 1)").run();
  // The numbers start again, below the earlier cursor.
  await darkroom.maintain();
  await DB.prepare(
    "INSERT INTO passages (id, owner_id, job_id, kind, source, text, space) VALUES ('anew', 'operator', 'job_a', 'classification', 'text', '天気予報', '')",
  ).run();
  await darkroom.maintain();
  expect(await found("天気")).toEqual(["天気予報"]);
});

// To the dictionary, Korean without spaces is one word of any length. Models that repeat themselves write such words.
const REPEATED = "ㅋ".repeat(9000);

test("passages that are far longer than most are written in more than one statement", () => {
  const passages = Array.from({ length: 40 }, (_, index) => ({ id: `${index}`, text: REPEATED }));
  const pages = passagePages(passages, 250);
  expect(pages.flat()).toEqual(passages.map(withIndexedText));
  for (const page of pages) expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(2_000_000);
  expect(passagePages(passages.slice(0, 5), 2).map((page) => page.length)).toEqual([2, 2, 1]);
});

test("a passage that says one character thousands of times does not hold up the database", async () => {
  await put(Array.from({ length: 10 }, (_, index) => `${index} ${REPEATED}`));
  const startedAt = performance.now();
  const hits = await search("ㅋ");
  // To choose a snippet, FTS5 compares each pair of matches, which took a second for each passage.
  expect(performance.now() - startedAt).toBeLessThan(4000);
  expect(hits).toHaveLength(10);
  for (const { snippet } of hits) expect(snippet).toMatch(/^\d ㅋ{300,400}…$/u);
});

test("passages that enter the index in any way are found by their words", async () => {
  // Once it has ended, it is found by its own words, and later also by its meaning.
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
  // The passage may have either form.
  ["ｺｰﾋｰ", ["コーヒー", "ｺｰﾋｰ"]],
  ["a harbour", ["harbour"]],
  ["예산은 얼마", ["예산은", "얼마"]],
  ["हिन्दी बजट", ["हिन्दी", "बजट"]],
  ["!?", []],
])("in '%s' the page marks every word except stop words", (question, words) => {
  expect(markedWords(question)).toEqual(words);
});
