// A task of the kind `embed` makes passages of a job that a search can find.
import { expect, test } from "vitest";

import type { Transcript } from "../shared/transcripts/transcript.ts";
import { startDarkroom, until } from "./harness.ts";
import { embedJob } from "./passages.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();

interface Row {
  readonly id: string;
  readonly text: string;
  readonly startMs: number | null;
  readonly endMs: number | null;
  readonly space: string;
}

async function passages(): Promise<readonly Row[]> {
  const { results } = await darkroom
    .bindings()
    .DB.prepare(`SELECT id, text, start_ms AS startMs, end_ms AS endMs, space FROM passages ORDER BY number`)
    .all<Row>();
  return results;
}

async function embed(jobId: string) {
  await embedJob(darkroom.bindings(), jobId);
  return until(
    () => taskOf(jobId),
    (task) => ["completed", "discarded"].includes(task?.state ?? ""),
  );
}

function taskOf(jobId: string) {
  const sql = `SELECT t.state, a.outcome, a.usage, a.neurons, a.error_code AS code FROM tasks t
                 LEFT JOIN attempts a ON a.task_id = t.id WHERE t.id = ?1 ORDER BY a.number DESC LIMIT 1`;
  return darkroom
    .bindings()
    .DB.prepare(sql)
    .bind(`${jobId}.embed`)
    .first<{ state: string; outcome: string; usage: string; neurons: number; code: string | null }>();
}

test("a transcript, a prompt, a text and labels become passages", async () => {
  const spoken = Array.from({ length: 50 }, (_, index) => `spoken${index}`).join(" ");
  const recording = await darkroom.upload({ name: "a.wav" }, speech(spoken));
  const picture = await darkroom.submit({ kind: "image_generation", prompt: "a quiet harbour" });
  const { MEDIA } = darkroom.bindings();
  await MEDIA.put("elsewhere/a.prompt", "from a file");
  const filed = await darkroom.submit({ kind: "image_generation", source: "elsewhere/a.prompt" });
  const text = await darkroom.submit({ kind: "classification", text: "a fine day" });
  for (const { id } of [recording, picture, filed, text]) {
    await darkroom.untilJob(id);
    expect(await embed(id)).toMatchObject({ state: "completed" });
  }
  const space = "@cf/baai/bge-m3 workers-ai 64";
  const untimed = { startMs: null, endMs: null, space };
  expect(await passages()).toEqual([
    { id: `${recording.id}:transcript:0`, text: spoken, startMs: 0, endMs: 24_900, space },
    { id: `${picture.id}:prompt:0`, text: "a quiet harbour", ...untimed },
    { id: `${filed.id}:prompt:0`, text: "from a file", ...untimed },
    { id: `${text.id}:text:0`, text: "a fine day", ...untimed },
    { id: `${text.id}:labels:0`, text: "horse 0.7, cup 0.2, moon 0.1", ...untimed },
  ]);
});

test("a summary and a description that the job has are found as well", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "a harbour" });
  await darkroom.untilJob(id);
  for (const [name, text] of [
    ["summary.txt", "In short.\n"],
    ["description.txt", "A picture with a boat.\n"],
  ] as const) {
    await MEDIA.put(`results/${id}/1/${name}`, text);
    const insert =
      "INSERT INTO artifacts (job_id, name, key, content_type, size_bytes, etag) VALUES (?1, ?2, ?3, 'text/plain', 1, 'e')";
    await DB.prepare(insert).bind(id, name, `results/${id}/1/${name}`).run();
  }
  await embed(id);
  expect((await passages()).map(({ id: passage, text }) => [passage, text])).toEqual([
    [`${id}:prompt:0`, "a harbour"],
    [`${id}:caption:0`, "A picture with a boat."],
    [`${id}:summary:0`, "In short."],
  ]);
});

test("a hundred texts go in one call, each call is metered, and a repeated attempt stores nothing twice", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const { id } = await darkroom.upload({ name: "long.wav" }, speech("one two"));
  await darkroom.untilJob(id);
  // Stand for a recording of hours: a segment of sixty words, with its full stop, is a passage.
  const key = await DB.prepare("SELECT key FROM artifacts WHERE name = 'transcript.json'").first<string>("key");
  const transcript = await (await MEDIA.get(key!))!.json<Transcript>();
  const words = Array.from({ length: 59 }, (_, index) => `w${index}`).join(" ");
  const segments = Array.from({ length: 230 }, (_, nth) => {
    return { startMs: nth * 1000, endMs: nth * 1000 + 900, text: `${words} n${nth}.`, words: [] };
  });
  await MEDIA.put(key!, JSON.stringify({ ...transcript, segments }));

  const task = await embed(id);
  expect(task).toMatchObject({ state: "completed", neurons: 4.5 });
  expect(JSON.parse(task!.usage)).toHaveLength(3);
  expect(await passages()).toHaveLength(230);
  const usage = await DB.prepare(
    "SELECT calls, neurons FROM usage_days WHERE model = '@cf/baai/bge-m3' AND owner_id = 'operator'",
  ).first();
  expect(usage).toEqual({ calls: 3, neurons: 4.5 });

  const before = await passages();
  await DB.prepare("DELETE FROM tasks WHERE id = ?1").bind(`${id}.embed`).run();
  await embed(id);
  expect(await passages()).toEqual(before);
});

test("the calls of an attempt that died are not paid for again", async () => {
  const { DB } = darkroom.bindings();
  const job = await darkroom.submit({ kind: "image_generation", prompt: "an embedding that is recalled" });
  await darkroom.untilJob(job.id);
  await embed(job.id);
  await DB.batch([
    DB.prepare("DELETE FROM attempts WHERE task_id = ?1").bind(`${job.id}.embed`),
    DB.prepare("DELETE FROM passages"),
    DB.prepare(
      "UPDATE tasks SET state = 'running', finalized_at = NULL, lease_id = 'dead', leased_at = 1, check_at = 2, scheduled_at = 1 WHERE id = ?1",
    ).bind(`${job.id}.embed`),
  ]);
  await darkroom.maintain();
  const again = await until(
    () => taskOf(job.id),
    (task) => task?.state === "completed",
  );
  expect(again).toMatchObject({ outcome: "completed", neurons: 1.5 });
  expect(JSON.parse(again!.usage)).toMatchObject([{ model: "@cf/baai/bge-m3", recalledFrom: 1 }]);
  expect((await darkroom.modelCalls()).calls["an embedding that is recalled"]).toBe(2); // the picture's, and one embedding
  expect(await passages()).toHaveLength(1);
});

test("a model that fails for a moment is asked again", async () => {
  const shaky = await darkroom.submit({ kind: "image_generation", prompt: "a shaky error:3043x2 harbour" });
  await darkroom.untilJob(shaky.id, ({ attempts }) => attempts.length > 0); // the first failure is the picture's
  await embedJob(darkroom.bindings(), shaky.id);
  const failed = await until(
    () => taskOf(shaky.id),
    (task) => task?.outcome !== null,
  );
  expect(failed).toMatchObject({ state: "retryable", outcome: "retry", code: "model_failed" });
});

test("a source that is gone has no passages", async () => {
  const { MEDIA } = darkroom.bindings();
  await MEDIA.put("elsewhere/gone.txt", "soon gone");
  const gone = await darkroom.submit({ kind: "classification", source: "elsewhere/gone.txt" });
  await darkroom.untilJob(gone.id);
  await MEDIA.delete("elsewhere/gone.txt");
  expect(await embed(gone.id)).toMatchObject({ state: "completed" });
  expect((await passages()).map(({ id }) => id)).toEqual([`${gone.id}:labels:0`]);
});
