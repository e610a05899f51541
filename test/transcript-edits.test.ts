// Edits of a transcript by the API: versions, conflicts, the effects of an edit, and the deletion of its job.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { createClient, DarkroomError, type EditOperation } from "../client/index.ts";
import type { SearchAnswer } from "../producer/search/schema.ts";
import type { Transcript } from "../shared/transcripts/transcript.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { embedJob } from "./passages.ts";
import { startReceiver } from "./receiver.ts";
import { speech } from "./speech.ts";
import { IS_LONG } from "./long.ts";

const darkroom = startDarkroom();
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  receiver = await startReceiver();
});
beforeEach(() => void receiver.received.splice(0));
afterAll(() => receiver.close());

const client = (key = KEYS.operator) => createClient({ baseUrl: darkroom.origin(), key });

async function transcribed(words: string): Promise<string> {
  const { id } = await darkroom.upload({ name: "a.wav", reuse: "false" }, speech(words));
  expect((await darkroom.untilJob(id)).state).toBe("completed");
  return id;
}

/** Return where a word is. */
function placeOf({ segments }: Transcript, text: string) {
  for (const [segment, { words }] of segments.entries()) {
    const word = words.findIndex((one) => one.text === text);
    if (word >= 0) return { segment, word };
  }
  throw new Error(`nobody says '${text}'`);
}

const replaced = (transcript: Transcript, from: string, to: string): EditOperation => ({
  op: "replace",
  ...placeOf(transcript, from),
  words: [{ text: to }],
});

async function problemOf(call: Promise<unknown>): Promise<DarkroomError> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DarkroomError);
  return error as DarkroomError;
}

const textAs = async (id: string, query: string) => (await darkroom.api(`/v1/jobs/${id}/transcript?${query}`)).text();

async function found(q: string, more: Record<string, string> = {}): Promise<SearchAnswer["hits"]> {
  const query = new URLSearchParams({ q, ...more }).toString();
  return (await (await darkroom.api(`/v1/search?${query}`)).json<SearchAnswer>()).hits.filter(({ foundBy }) =>
    foundBy.includes("words"),
  );
}

const objectsOf = async (id: string) =>
  (await darkroom.bindings().MEDIA.list({ prefix: `results/${id}/` })).objects.map(({ key }) => key);

test("an edit is read in every format, and the original stays as it was", async () => {
  const id = await transcribed("the boots leave at dawn");
  const { jobs } = client();
  const original = await jobs.version(id);
  expect(original.version).toBe(0);
  const edited = await jobs.edit(id, original.etag!, [replaced(original.transcript, "boots", "boats")]);
  expect(edited).toMatchObject({ version: 1, transcript: { text: "the boats leave at dawn" } });
  expect(edited.transcript.segments[0]!.words[1]).toEqual({
    ...original.transcript.segments[0]!.words[1],
    text: "boats",
  });
  for (const format of ["json", "txt", "vtt", "srt"]) {
    expect(await textAs(id, `format=${format}`)).toContain("the boats leave");
    expect(await textAs(id, `format=${format}&version=original`)).toContain("the boots leave");
    expect(await textAs(id, `format=${format}&version=0`)).toContain("the boots leave");
    expect(await textAs(id, `format=${format}&version=1`)).toContain("the boats leave");
  }
  expect(await textAs(id, "fromMs=500&toMs=900&format=txt")).toContain("the boats");
  const artifact = await darkroom.api(`/v1/jobs/${id}/artifacts/transcript.txt`);
  expect(await artifact.text()).toBe("the boots leave at dawn\n");
  expect((await darkroom.api(`/v1/jobs/${id}/transcript?version=2`)).status).toBe(404);
  expect((await darkroom.api(`/v1/jobs/${id}/transcript?version=newest`)).status).toBe(422);
});

test("each form of a version has its tag, and an unchanged one is not sent again", async () => {
  const id = await transcribed("zero one");
  const { jobs } = client();
  const tagOf = async (query: string) =>
    (await darkroom.api(`/v1/jobs/${id}/transcript?${query}`)).headers.get("etag")!;
  const queries = ["", "format=vtt", "format=vtt&maxLineLength=32", "format=srt", "fromMs=0&toMs=400"];
  const before = await Promise.all(queries.map(tagOf));
  expect(new Set(before).size).toBe(queries.length);
  for (const [at, query] of queries.entries()) {
    const again = await darkroom.api(`/v1/jobs/${id}/transcript?${query}`, {
      headers: { "if-none-match": before[at]! },
    });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  }
  const { transcript, etag } = await jobs.version(id);
  await jobs.edit(id, etag!, [replaced(transcript, "one", "two")]);
  const after = await Promise.all(queries.map(tagOf));
  expect(before.filter((tag) => after.includes(tag))).toEqual([]);
});

test("an edit must name its version, and of two simultaneous edits one is made", async () => {
  const id = await transcribed("zero one two three");
  const { jobs } = client();
  const { transcript, etag } = await jobs.version(id);
  const path = `/v1/jobs/${id}/transcript`;
  const body = JSON.stringify({ operations: [replaced(transcript, "one", "uno")] });
  const without = await darkroom.api(path, { method: "PATCH", body });
  expect([without.status, await without.json()]).toMatchObject([428, { code: "precondition_required" }]);
  for (const ifMatch of ['"another"', `W/${etag!}`, "nonsense"]) {
    const other = await darkroom.api(path, { method: "PATCH", body, headers: { "if-match": ifMatch } });
    expect([other.status, other.headers.get("etag"), await other.json()]).toMatchObject([
      412,
      etag,
      { code: "transcript_changed", etag },
    ]);
  }
  const edits = ["uno", "un", "ein", "en", "jeden"].map((word) =>
    jobs.edit(id, etag!, [replaced(transcript, "one", word)]),
  );
  const ended = await Promise.allSettled(edits);
  const made = ended.filter((one) => one.status === "fulfilled");
  const refused = ended.filter((one) => one.status === "rejected").map(({ reason }) => reason as DarkroomError);
  expect(made).toHaveLength(1);
  expect(refused.map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => "transcript_changed"));
  const current = await jobs.version(id);
  expect(refused.map((error) => error.etag)).toEqual(refused.map(() => current.etag));
  expect(current.transcript.text).toBe(made[0]!.value.transcript.text);
  // Nothing is left of the edits that lost the race.
  expect((await objectsOf(id)).filter((key) => key.includes("/edits/"))).toHaveLength(1);
});

test("the same edit sent again is made once, whether it is repeated at once or later", async () => {
  const id = await transcribed("zero one two three");
  const { jobs } = client();
  const { transcript, etag } = await jobs.version(id);
  const operations: EditOperation[] = [{ op: "insert", ...placeOf(transcript, "two"), words: [{ text: "and" }] }];
  const all = await Promise.all([1, 2, 3, 4].map(() => jobs.edit(id, etag!, operations)));
  all.push(await jobs.edit(id, etag!, operations));
  for (const one of all) expect(one).toEqual(all[0]);
  expect(all[0]).toMatchObject({ version: 1, transcript: { text: "zero one and two three" } });
  expect(await jobs.history(id)).toHaveLength(2);
  // For the next version, it is another edit.
  await jobs.edit(id, all[0]!.etag!, operations);
  expect((await jobs.version(id)).transcript.text).toBe("zero one and and two three");
  expect((await problemOf(jobs.edit(id, etag!, operations))).code).toBe("transcript_changed");
});

test("the history says who made which version, and an earlier one is made the latest again", async () => {
  const id = await transcribed("zero one two");
  const made = await (
    await darkroom.post("/v1/keys", { label: "editor", scopes: ["jobs:read", "jobs:write"] })
  ).json<{ id: string; key: string }>();
  const { jobs } = client(made.key);
  const original = await jobs.version(id);
  const first = await jobs.edit(id, original.etag!, [replaced(original.transcript, "one", "uno")]);
  const second = await jobs.edit(id, first.etag!, [
    replaced(first.transcript, "two", "due"),
    { op: "speaker", segment: 0, speaker: "Ann" },
  ]);
  const third = await jobs.revert(id, second.etag!, 1);
  expect(third).toMatchObject({ version: 3, transcript: { text: "zero uno two" } });
  expect(third.transcript).toEqual(first.transcript);
  const fourth = await jobs.revert(id, third.etag!, 0);
  expect(fourth.transcript).toEqual(original.transcript);
  const history = await jobs.history(id);
  expect(history.map(({ version, operations, revertedTo, keyId }) => [version, operations, revertedTo, keyId])).toEqual(
    [
      [4, 0, 0, made.id],
      [3, 0, 1, made.id],
      [2, 2, null, made.id],
      [1, 1, null, made.id],
      [0, 0, null, null],
    ],
  );
  expect(history.map(({ etag }) => etag)).toEqual([fourth, third, second, first, original].map(({ etag }) => etag));
  expect((await jobs.version(id, 2)).transcript.segments[0]).toMatchObject({ speaker: "Ann", text: "zero uno due" });
  expect((await problemOf(jobs.revert(id, fourth.etag!, 9))).code).toBe("version_not_found");
  expect((await problemOf(jobs.revert(id, third.etag!, 2))).code).toBe("transcript_changed");
});

test("a client that asks for a minimal answer does not get the transcript", async () => {
  const id = await transcribed("zero one");
  const { transcript, etag } = await client().jobs.version(id);
  const response = await darkroom.api(`/v1/jobs/${id}/transcript`, {
    method: "PATCH",
    body: JSON.stringify({ operations: [replaced(transcript, "one", "two")] }),
    headers: { "if-match": etag!, prefer: "return=minimal" },
  });
  expect([
    response.status,
    response.headers.get("x-transcript-version"),
    response.headers.get("preference-applied"),
  ]).toEqual([204, "1", "return=minimal"]);
  expect(response.headers.get("etag")).toBe((await client().jobs.version(id)).etag);
});

test("search finds edited words instead of the earlier ones, with the meaning that the passage had", async () => {
  const filler = Array.from({ length: 260 }, (_, index) => `talk${index}${index % 10 === 9 ? "." : ""}`);
  filler[130] = "boots";
  const id = await transcribed(filler.join(" "));
  await embedJob(darkroom.bindings(), id);
  const { DB } = darkroom.bindings();
  await until(
    async () => DB.prepare("SELECT count(*) AS n FROM passages WHERE vector IS NOT NULL").first<number>("n"),
    (count) => (count ?? 0) > 1,
  );
  const rows = async () =>
    (
      await DB.prepare("SELECT id, text, start_ms, end_ms, vector FROM passages ORDER BY id").all<
        Record<string, string>
      >()
    ).results;
  const before = await rows();
  const { jobs } = client();
  const { transcript, etag } = await jobs.version(id);
  const edited = await jobs.edit(id, etag!, [replaced(transcript, "boots", "battleships")]);
  expect(await found("boots")).toEqual([]);
  const [hit] = await found("battleships");
  expect(hit).toMatchObject({ jobId: id, source: "transcript" });
  expect(hit!.startMs).toBeLessThanOrEqual(65_000);
  expect(hit!.endMs).toBeGreaterThanOrEqual(65_000);
  const after = await rows();
  const differing = after.filter(({ text }, at) => text !== before[at]!["text"]);
  expect(differing).toHaveLength(1);
  expect(after.map((row) => ({ ...row, text: "" }))).toEqual(before.map((row) => ({ ...row, text: "" })));
  // Then it is reverted, word by word.
  await jobs.revert(id, edited.etag!, 0);
  expect(await rows()).toEqual(before);
});

test.runIf(IS_LONG)("an embedding that is under way during an edit is repeated with the edited text", async () => {
  const id = await transcribed("zero boots sleep:1500 two");
  const { jobs } = client();
  const { transcript, etag } = await jobs.version(id);
  // The attempt reads the original, and calls the model with it while the edit arrives.
  await embedJob(darkroom.bindings(), id);
  const { DB } = darkroom.bindings();
  const task = async () =>
    DB.prepare("SELECT state, attempt FROM tasks WHERE id = ?1")
      .bind(`${id}.embed`)
      .first<{ state: string; attempt: number }>();
  await until(task, (now) => now?.state === "running");
  await new Promise((resolve) => setTimeout(resolve, 500));
  await jobs.edit(id, etag!, [replaced(transcript, "boots", "boats")]);
  const retried = await until(task, (now) => now?.state === "retryable" || now?.state === "completed");
  expect(retried?.state).toBe("retryable");
  await DB.prepare("UPDATE tasks SET scheduled_at = 0, check_at = 0 WHERE id = ?1").bind(`${id}.embed`).run();
  await darkroom.maintain();
  await until(task, (now) => now?.state === "completed");
  const [hit, ...more] = await found("boats");
  expect([hit!.foundBy, more, await found("boots")]).toEqual([["words", "meaning"], [], []]);
});

test("a webhook reports each version once", async () => {
  const url = `${receiver.url}/edits`;
  const endpoint = await darkroom.post("/v1/webhooks", { url, events: ["transcript.edited"] });
  expect(endpoint.status).toBe(201);
  const id = await transcribed("zero one two");
  const { jobs } = client();
  const { transcript, etag } = await jobs.version(id);
  const operations = [replaced(transcript, "one", "uno")];
  const edited = await jobs.edit(id, etag!, operations);
  await jobs.edit(id, etag!, operations);
  const [told, ...more] = await receiver.untilReceived("/edits", 1);
  expect(more).toEqual([]);
  expect(JSON.parse(told!.body)).toMatchObject({
    type: "transcript.edited",
    data: {
      id,
      kind: "transcription",
      version: 1,
      operations: 1,
      revertedTo: null,
      keyId: "operator",
      url: `${darkroom.origin()}/v1/jobs/${id}/transcript`,
    },
  });
  await jobs.revert(id, edited.etag!, 0);
  const all = await receiver.untilReceived("/edits", 2);
  expect(JSON.parse(all[1]!.body)).toMatchObject({ data: { version: 2, revertedTo: 0 } });
  expect((await darkroom.readJob(id)).state).toBe("completed");
});

test("a question is answered from what was edited", async () => {
  const id = await transcribed("the boots leave at dawn");
  const { jobs, askWhole } = client();
  const { transcript, etag } = await jobs.version(id);
  await jobs.edit(id, etag!, [replaced(transcript, "boots", "boats")]);
  await askWhole(id, "What leaves?");
  const { chats } = await darkroom.modelCalls();
  expect(JSON.stringify(chats)).toContain("the boats leave");
});

test("a wrong edit, or one of a job that runs, has no transcript or belongs to another owner, is refused with the reason", async () => {
  const id = await transcribed("zero one");
  const { jobs } = client();
  const { etag } = await jobs.version(id);
  const issues = async (operations: unknown[]) =>
    (await problemOf(jobs.edit(id, etag!, operations as EditOperation[]))).issues.map(({ path }) => path);
  expect(await issues([{ op: "remove", segment: 9, word: 0 }])).toEqual(["operations.0.segment"]);
  expect(await issues([{ op: "remove", segment: 0, word: 9 }])).toEqual(["operations.0.word"]);
  expect(
    await issues([
      { op: "remove", segment: 0, word: 0 },
      { op: "remove", segment: 0, word: 0 },
    ]),
  ).toEqual(["operations.1"]);
  expect(await issues([])).toEqual(["operations"]);
  expect(await issues([{ op: "replace", segment: 0, word: 0, words: [{ text: "a\nb" }] }])).toEqual([
    "operations.0.words.0.text",
  ]);
  const remove: EditOperation[] = [{ op: "remove", segment: 0, word: 0 }];
  expect((await problemOf(client(KEYS.other).jobs.edit(id, etag!, remove))).code).toBe("job_not_found");
  const text = await darkroom.submit({ kind: "classification", text: "a fine day" });
  expect((await problemOf(jobs.edit(text.id, "*", remove))).code).toBe("artifact_not_found");
  await darkroom.post("/v1/queues/transcription/pause", {});
  const waiting = await darkroom.upload({ name: "b.wav" }, speech("waits"));
  expect((await problemOf(jobs.edit(waiting.id, "*", remove))).code).toBe("job_unfinished");
  await darkroom.api(`/v1/jobs/${waiting.id}/cancel`, { method: "POST" });
  expect((await problemOf(jobs.edit(waiting.id, "*", remove))).code).toBe("artifact_not_found");
  expect(await jobs.history(id)).toHaveLength(1);
});

test("a job that reuses a result has its own versions", async () => {
  const words = "zero one two";
  const first = await transcribed(words);
  const { id } = await darkroom.upload({ name: "a.wav" }, speech(words));
  const { jobs } = client();
  expect((await darkroom.untilJob(id)).reused).toMatchObject({ jobId: first });
  const { transcript, etag } = await jobs.version(id);
  await jobs.edit(id, etag!, [replaced(transcript, "one", "uno")]);
  expect((await jobs.version(first)).transcript.text).toBe(words);
});

test("the versions of a transcript are deleted with its job: rows, objects and passages", async () => {
  const id = await transcribed("zero one two");
  const { jobs } = client();
  const { transcript, etag } = await jobs.version(id);
  await jobs.edit(id, etag!, [replaced(transcript, "one", "battleships")]);
  expect((await objectsOf(id)).some((key) => key.includes("/edits/"))).toBe(true);
  await jobs.delete(id);
  expect(await objectsOf(id)).toEqual([]);
  const { DB } = darkroom.bindings();
  expect(await DB.prepare("SELECT count(*) AS n FROM transcript_versions").first("n")).toBe(0);
  expect(await found("battleships")).toEqual([]);
});

test("the latest hundred versions are kept, and the original", async () => {
  const id = await transcribed("zero one two");
  const { DB } = darkroom.bindings();
  const { jobs } = client();
  const { transcript, etag } = await jobs.version(id);
  const first = await jobs.edit(id, etag!, [replaced(transcript, "one", "uno")]);
  // This is the state after ninety-nine more edits.
  await DB.prepare(
    `INSERT INTO transcript_versions
     SELECT job_id, version + n.value, owner_id, v.key, etag, original_etag, request_hash, key_id, operations, reverted_to, created_at
       FROM transcript_versions v, json_each(?1) n`,
  )
    .bind(JSON.stringify(Array.from({ length: 99 }, (_, index) => index + 1)))
    .run();
  await jobs.edit(id, first.etag!, [{ op: "remove", segment: 0, word: 0 }]);
  const history = await jobs.history(id);
  expect([history.length, history[0]!.version, history.at(-2)!.version, history.at(-1)!.version]).toEqual([
    101, 101, 2, 0,
  ]);
});

test("a chunk that is redriven after an edit fills its gap in the edited transcript", async () => {
  const words = Array.from({ length: 360 }, (_, index) => (index === 180 ? "error:3010x1" : `g${index}`));
  const { id } = await darkroom.upload({ name: "long.wav", reuse: "false" }, speech(words.join(" ")));
  expect((await darkroom.untilJob(id)).state).toBe("failed");
  const { jobs } = client();
  const partial = await jobs.version(id);
  expect(partial.transcript.gaps).toHaveLength(1);
  const edited = await jobs.edit(id, partial.etag!, [replaced(partial.transcript, "g2", "two")]);
  const { deadLetters } = await (
    await darkroom.api("/v1/dead-letters?view=list")
  ).json<{ deadLetters: { id: string }[] }>();
  expect((await darkroom.api(`/v1/dead-letters/${deadLetters[0]!.id}/redrive`, { method: "POST" })).status).toBe(202);
  expect((await darkroom.untilJob(id)).state).toBe("completed");
  const whole = await jobs.version(id);
  const expected = words.map((word, index) => (index === 2 ? "two" : word)).join(" ");
  expect(whole).toMatchObject({ version: 1, transcript: { text: expected, gaps: [], isComplete: true } });
  // Edits then apply to that version. The earlier tag belongs to another version.
  expect((await problemOf(jobs.edit(id, edited.etag!, [{ op: "remove", segment: 0, word: 0 }]))).etag).toBe(whole.etag);
  const next = await jobs.edit(id, whole.etag!, [replaced(whole.transcript, "g181", "there")]);
  expect(next).toMatchObject({ version: 2, transcript: { text: expected.replace("g181", "there"), isComplete: true } });
  expect((await jobs.version(id)).etag).toBe(next.etag);
});

test.runIf(IS_LONG)(
  "editing one word of six hours takes no longer than reading them",
  async () => {
    const id = await transcribed("zero");
    const { DB, MEDIA } = darkroom.bindings();
    const key = await DB.prepare("SELECT key FROM artifacts WHERE job_id = ?1 AND name = 'transcript.json'")
      .bind(id)
      .first<string>("key");
    const segments = Array.from({ length: 6000 }, (_, segment) => {
      const words = Array.from({ length: 10 }, (_word, at) => ({
        text: `w${segment}x${at}${at === 9 ? "." : ""}`,
        startMs: segment * 3600 + at * 350,
        endMs: segment * 3600 + at * 350 + 300,
      }));
      return {
        startMs: words[0]!.startMs,
        endMs: words[9]!.endMs,
        text: words.map(({ text }) => text).join(" "),
        words,
      };
    });
    const transcript = {
      ...(await client().jobs.transcript(id)),
      durationMs: 21_600_000,
      segments,
      text: segments.map(({ text }) => text).join(" "),
    };
    await MEDIA.put(key!, JSON.stringify(transcript));
    const { jobs } = client();
    const timed = async <T>(work: () => Promise<T>) => {
      const from = Date.now();
      const value = await work();
      return { value, ms: Date.now() - from };
    };
    const opened = await timed(() => jobs.version(id));
    const change = (segment: number): EditOperation[] => [
      { op: "replace", segment, word: 4, words: [{ text: "battleships" }] },
    ];
    // The first edit writes all passages, because there are none for the stored transcript.
    const first = await timed(() => jobs.edit(id, opened.value.etag!, change(3000)));
    const second = await timed(() => jobs.edit(id, first.value.etag!, change(3001)));
    console.log(JSON.stringify({ event: "edit.timed", openMs: opened.ms, firstMs: first.ms, secondMs: second.ms }));
    expect(second.value.transcript.segments[3001]!.words[4]!.text).toBe("battleships");
    expect((await found("battleships")).map(({ startMs }) => startMs! <= 3001 * 3600 + 1400)).toContain(true);
    expect(await found("w3001x4")).toEqual([]);
    expect(second.ms).toBeLessThan(3 * opened.ms + 1000);
  },
  60_000,
);
