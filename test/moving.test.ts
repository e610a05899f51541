// Ended jobs move to another deployment as lines: what it answers is what the first one answered.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { archiveJobs } from "../consumer/maintenance/archive.ts";
import type { ExportedJob } from "../shared/archive/exported.ts";
import { createJournal } from "../shared/jobs/journal.ts";
import { KEYS, startDarkroom } from "./harness.ts";
import { runInProcess } from "./in-process.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();
const DAY_MS = 24 * 3_600_000;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "darkroom-moving-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = async (...given: string[]) =>
  runInProcess(given, { env: { DARKROOM_URL: darkroom.origin(), DARKROOM_KEY: KEYS.operator }, folder });

/** What this deployment answers about jobs. */
async function answers(ids: readonly string[]): Promise<string[]> {
  const paths = ids.flatMap((id) =>
    ["", "/receipt", "/transcript", "/chunks", "/transcript/history"].map((part) => `/v1/jobs/${id}${part}`),
  );
  const all = [];
  for (const path of [...paths, "/v1/jobs?figures=true&tag=moved", "/v1/search?q=marimba", "/v1/search?q=one"]) {
    all.push(`${path} ${await (await darkroom.api(path)).text()}`);
  }
  return all;
}

/** As if this were another deployment, into whose bucket the objects were copied. */
async function forgetAll(): Promise<void> {
  const { DB } = darkroom.bindings();
  await DB.batch(
    ["jobs", "uploads", "job_marks", "transcript_versions", "archives"].map((table) =>
      DB.prepare(`DELETE FROM ${table}`),
    ),
  );
}

test("jobs that were exported, archived or not, are the same after an import, and the same upload creates no other job", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const said = Array.from({ length: 200 }, (_, at) => `w${at}`).join(" ");
  const jobs = [
    await darkroom.submit({
      kind: "classification",
      text: "the marimba",
      tags: ["moved"],
      metadata: { customer: "7" },
    }),
    await darkroom.upload({ name: "short.wav", tag: "moved", then: "summarise" }, speech("one two three")),
    await darkroom.upload({ name: "long.wav" }, speech(said)),
    // A job that wrote a text, with a notice.
    await darkroom.submit({
      kind: "text_generation",
      prompt: `wrote:9 ${'"'.repeat(150)} <<["About one marimba"]>>`,
      options: { maxTokens: 9, history: [{ role: "user", content: '"'.repeat(150) }] },
    }),
  ];
  const ids = jobs.map(({ id }) => id);
  for (const id of ids) expect(await darkroom.untilJob(id)).toMatchObject({ state: "completed" });
  const tag = (await darkroom.api(`/v1/jobs/${ids[1]}/transcript`)).headers.get("etag") ?? "";
  const edit = { operations: [{ op: "replace", segment: 0, word: 0, words: [{ text: "eins" }] }] };
  const edited = await darkroom.api(`/v1/jobs/${ids[1]}/transcript`, {
    method: "PATCH",
    headers: { "if-match": tag },
    body: JSON.stringify(edit),
  });
  expect(edited.status).toBe(200);
  const before = await answers(ids);

  const now = Date.now() + 3 * DAY_MS;
  await DB.prepare(`INSERT INTO cursors (name, value) VALUES ('recorded', ?1), ('words', 'all')`)
    .bind(String(now))
    .run();
  // One of them: the others stay whole.
  await DB.prepare("UPDATE jobs SET kept_until = ?1 WHERE id <> ?2")
    .bind(now + 1, ids[2])
    .run();
  expect(await archiveJobs({ db: DB, media: MEDIA, journal: createJournal(), archiveAfterMs: DAY_MS }, now)).toBe(1);

  const exported = await run("export");
  expect(exported.stdout.trim().split("\n")).toHaveLength(4);
  await writeFile(join(folder, "jobs.jsonl"), exported.stdout);
  await forgetAll();
  expect(await run("import", "jobs.jsonl")).toMatchObject({ code: 0, stdout: "4 imported, 0 known, 0 refused\n" });
  const fingerprints = "SELECT count(*) AS n FROM jobs WHERE length(fingerprint) = 32";
  expect(await DB.prepare(fingerprints).first("n")).toBe(4); // that of the archived one came from its line
  expect(await answers(ids)).toEqual(before);
  expect(await run("import", "jobs.jsonl")).toMatchObject({ code: 0, stdout: "0 imported, 4 known, 0 refused\n" });
  expect(await answers(ids)).toEqual(before);

  const { calls } = await darkroom.modelCalls();
  await darkroom.maintain(new Date(Date.now() + DAY_MS));
  expect(await DB.prepare("SELECT count(*) AS n FROM jobs").first<number>("n")).toBe(4);
  expect((await darkroom.modelCalls()).calls).toEqual(calls);
});

test("a line with rows of another job is refused", async () => {
  const { id } = await darkroom.submit({ kind: "classification", text: "the xylophone" });
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "completed" });
  const line = (await run("export")).stdout.trim().split("\n").at(-1) ?? "";
  await forgetAll();
  const edits: Record<string, (job: ExportedJob) => void> = {
    "A task of it has not ended": ({ contents }) =>
      Object.assign(contents.tasks[0]!, { state: "available", finalized_at: null }),
    "tasks or attempts of another job": ({ contents }) => Object.assign(contents.attempts[0]!, { task_id: "another" }),
    "versions or passages of another owner": ({ passages }) => Object.assign(passages[0]!, { owner_id: "victim" }),
  };
  for (const [reason, edit] of Object.entries(edits)) {
    const job = JSON.parse(line) as ExportedJob;
    edit(job);
    await writeFile(join(folder, "beyond.jsonl"), JSON.stringify(job));
    const ran = await run("import", "beyond.jsonl");
    expect(ran).toMatchObject({ code: 2, stdout: "0 imported, 0 known, 1 refused\n" });
    expect(ran.stderr).toContain(reason);
  }
  await writeFile(join(folder, "beyond.jsonl"), line);
  expect(await run("import", "beyond.jsonl")).toMatchObject({ code: 0 });
  await forgetAll();
});

test("a line without its results, of another format or with a value that does not fit is refused, and the others are imported", async () => {
  const { MEDIA } = darkroom.bindings();
  const texts = ["first", "second", "third", "fourth"];
  const ids: string[] = [];
  for (const text of texts) {
    const { id } = await darkroom.submit({ kind: "classification", text });
    expect(await darkroom.untilJob(id)).toMatchObject({ state: "completed" });
    ids.push(id);
  }
  const lines = (await run("export")).stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as never);
  const [gone, newer, odd, whole] = lines as {
    job: string;
    format: number;
    contents: { tasks: { state: string }[] };
  }[];
  const { objects } = await MEDIA.list({ prefix: `results/${gone!.job}/` });
  await MEDIA.delete(objects.map(({ key }) => key));
  newer!.format = 2;
  odd!.contents.tasks[0]!.state = "asleep";
  await forgetAll();
  await writeFile(join(folder, "odd.jsonl"), lines.map((line) => JSON.stringify(line)).join("\n\n"));
  const ran = await run("import", "odd.jsonl");
  expect(ran).toMatchObject({ code: 2, stdout: "1 imported, 0 known, 3 refused\n" });
  expect(ran.stderr).toMatch(/has no object 'results\/.*Copy the results first/);
  expect(ran.stderr).toMatch(/does not have the form of this version: format/);
  expect(ran.stderr).toMatch(/a value that the database does not take/);
  expect((await (await darkroom.api("/v1/jobs")).json<{ jobs: { id: string }[] }>()).jobs.map(({ id }) => id)).toEqual([
    whole!.job,
  ]);
  expect((await run("import", "-")).code).toBe(0);
  await writeFile(join(folder, "broken.jsonl"), "{");
  expect(await run("import", "broken.jsonl")).toMatchObject({ code: 2 });
});
