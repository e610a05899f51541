// Old jobs lie in the bucket: every read answers as before, and a death in between loses nothing.
import { createHash } from "node:crypto";
import type { SQLInputValue } from "node:sqlite";

import { expect, test } from "vitest";

import { archiveJobs, forgetArchives } from "../consumer/maintenance/archive.ts";
import { bringBack } from "../shared/archive/whole.ts";
import { ARTIFACT_COLUMNS, ATTEMPT_COLUMNS, CHUNK_COLUMNS, TASK_COLUMNS } from "../shared/db/archive/contents.ts";
import type { Journal } from "../shared/jobs/journal.ts";
import type { Document } from "./document.ts";
import { dying } from "./dying.ts";
import { findEverywhere } from "./everywhere.ts";
import { startDarkroom, until } from "./harness.ts";
import { migratedDatabase } from "./migrated.ts";
import { speech } from "./speech.ts";
import { sampled } from "./long.ts";

const darkroom = startDarkroom();
const DAY_MS = 24 * 3_600_000;
const TEXT = "the marimba and its four mallets";

const count = async (sql: string) => darkroom.bindings().DB.prepare(sql).first<number>("n");
const faults: unknown[] = [];
const journal: Journal = { record: () => undefined, fault: (entry) => void faults.push(entry.event) };
const depsOf = ({ DB, MEDIA }: Env) => ({ db: DB, media: MEDIA, journal, archiveAfterMs: 2 * DAY_MS });

/** Archive what may be archived, three days on; the bucket has the descriptions of all jobs by then. */
async function archive(deps = depsOf(darkroom.bindings()), now = Date.now() + 3 * DAY_MS): Promise<number> {
  const { DB } = darkroom.bindings();
  await DB.prepare(
    `INSERT INTO cursors (name, value) VALUES ('recorded', ?1), ('words', 'all') ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  )
    .bind(String(now))
    .run();
  return archiveJobs(deps, now);
}

/** A job of each kind, one with steps and one whose recording was cut. */
async function runJobs(): Promise<string[]> {
  const marks = { tag: "kept", metadata: JSON.stringify({ customer: "7" }) };
  const jobs = await Promise.all([
    darkroom.submit({ kind: "classification", text: TEXT, tags: ["kept"], metadata: { customer: "7" } }),
    darkroom.submit({ kind: "image_generation", prompt: "a red lighthouse", options: { count: 2 } }),
    darkroom.submit({
      kind: "text_generation",
      prompt: `"Count" <<["{\\"a\\":1}"]>>`,
      options: { history: [{ role: "user", content: '"Boats"' }], jsonSchema: { type: "object" } },
    }),
    darkroom.upload({ name: "short.wav", ...marks, then: "summarise" }, speech("one two three")),
    darkroom.upload({ name: "long.wav" }, speech(Array.from({ length: 200 }, (_, at) => `w${at}`).join(" "))),
  ]);
  for (const { id } of jobs) expect(await darkroom.untilJob(id)).toMatchObject({ state: "completed" });
  return jobs.map(({ id }) => id);
}

/** The paths that read one of these jobs, a list for each route of the document: a new one is tested as soon as it is there. */
async function pathsOf(ids: readonly string[]): Promise<string[][]> {
  const document = await (await darkroom.api("/openapi.json", { key: null })).json<Document>();
  const jobs = await Promise.all(ids.map((id) => darkroom.readJob(id)));
  return Object.entries(document.paths)
    .filter(([path, methods]) => path.startsWith("/v1/jobs/{id}") && "get" in methods)
    .map(([path]) =>
      jobs.flatMap(({ id, artifacts }) => {
        const names = path.includes("{name}") ? artifacts.map(({ name }) => name).slice(0, 1) : [""];
        return names.map((name) => path.replace("{id}", id).replace("{name}", name));
      }),
    );
}

async function answer(path: string) {
  const response = await darkroom.api(path);
  const body = Buffer.from(await response.arrayBuffer()).toString("latin1");
  // Only the time of a signature differs from one answer to the next.
  return {
    path,
    status: response.status,
    etag: response.headers.get("etag"),
    body: body.replaceAll(/signature=[^"&]*/g, ""),
  };
}

async function answersTo(paths: readonly string[]) {
  const answers = [];
  for (const path of paths) answers.push(await answer(path));
  return answers;
}

const LISTS = [
  "/v1/jobs",
  "/v1/jobs?figures=true",
  "/v1/jobs?state=completed&kind=transcription",
  "/v1/jobs?tag=kept",
  "/v1/jobs?metadata.customer=7",
  "/v1/jobs?text=marimba",
  "/v1/jobs?text=long.wav",
  "/v1/search?q=mallets",
  "/v1/usage?groupBy=kind",
];

test("every read of an archived job answers as it did before", async () => {
  const { DB } = darkroom.bindings();
  const ids = await runJobs();
  const lists = await answersTo(LISTS);
  const routes = await pathsOf(ids);
  expect(routes.length).toBeGreaterThan(6);
  for (const paths of routes) {
    const before = await answersTo(paths);
    expect(before.every(({ status }) => [200, 204, 404].includes(status))).toBe(true);
    // Each route finds all jobs archived: the one before has brought them back.
    await DB.batch([DB.prepare("UPDATE jobs SET kept_until = NULL"), DB.prepare("DELETE FROM cursors")]);
    expect(await archive()).toBe(ids.length);
    for (const table of ["tasks", "attempts", "artifacts", "chunks"]) {
      expect(await count(`SELECT count(*) AS n FROM ${table}`)).toBe(0);
    }
    expect(await count("SELECT count(*) AS n FROM jobs WHERE length(fingerprint) > 16")).toBe(0);
    expect(await answersTo(LISTS)).toEqual(lists);
    expect(await answersTo(paths)).toEqual(before);
  }
});

/** What all tables that belong to jobs hold. */
async function rowsOfJobs() {
  const { DB } = darkroom.bindings();
  const tables = ["jobs", "tasks", "attempts", "artifacts", "chunks", "job_labels", "job_marks", "passages"];
  const results = await DB.batch(tables.map((table) => DB.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`)));
  return Object.fromEntries(
    results.map(({ results: rows }, index) => [
      tables[index],
      // `kept_until` says only that the job was brought back. The lane of a task, and whether it is a newcomer's, matter while it waits.
      rows.map((row) => ({ ...(row as object), kept_until: null, is_newcomer: 0, lane: null })),
    ]),
  );
}

test("a death after any operation of the archiver, or of bringing a job back, loses nothing", async () => {
  await darkroom.submit({ kind: "classification", text: TEXT, tags: ["kept"] }).then(({ id }) => darkroom.untilJob(id));
  const { id } = await darkroom.upload({ name: "one.wav" }, speech("one two three"));
  await darkroom.untilJob(id);
  const job = { id, ownerId: "operator" };
  const whole = await rowsOfJobs();
  for (const act of ["archive", "bring back"] as const) {
    let operation = 0;
    for (let hasDied = true; hasDied;) {
      operation += sampled(3, 1);
      const { DB, MEDIA } = darkroom.bindings();
      await DB.batch([DB.prepare("UPDATE jobs SET kept_until = NULL"), DB.prepare("DELETE FROM cursors")]);
      if (act === "bring back") await archive();
      const { died, ...dead } = dying(darkroom.bindings(), operation);
      const deps = { ...depsOf(darkroom.bindings()), ...dead };
      await (act === "archive" ? archive(deps) : bringBack(deps, job)).catch(() => undefined);
      hasDied = died();
      // Every job is whole in one place: what is archived has no rows left, and all comes back as it was.
      expect(
        await count(
          `SELECT count(*) AS n FROM jobs j WHERE (archive_id IS NULL) <> EXISTS (SELECT 1 FROM tasks t WHERE t.job_id = j.id)`,
        ),
      ).toBe(0);
      expect(
        await count(
          `SELECT count(*) AS n FROM archives a WHERE jobs <> (SELECT count(*) FROM jobs j WHERE j.archive_id = a.id)`,
        ),
      ).toBe(0);
      for (const row of whole["jobs"] ?? []) {
        expect(
          await bringBack({ db: DB, media: MEDIA }, { id: (row as { id: string } & object).id, ownerId: "operator" }),
        ).toBe(true);
      }
      expect(await rowsOfJobs()).toEqual(whole);
    }
    expect(operation).toBeGreaterThan(act === "archive" ? 8 : 3);
  }
});

test("a job that others show or wait for, or that has letters, deliveries or a cost that is open, is not archived", async () => {
  const { DB } = darkroom.bindings();
  const { id } = await darkroom.submit({ kind: "classification", text: TEXT });
  await darkroom.untilJob(id);
  const failed = await darkroom.submit({ kind: "classification", text: "error:3030" });
  expect(await darkroom.untilJob(failed.id)).toMatchObject({ state: "failed" });
  expect(await archive(depsOf(darkroom.bindings()), Date.now() + DAY_MS)).toBe(0);
  const holding = [
    `INSERT INTO reservations (owner_id, task_id, attempt, number, job_id, kind, neurons, call, made_at)
     VALUES ('operator', 't', 1, 1, ?1, 'classification', 1, '{}', 0)`,
    `INSERT INTO tasks (id, job_id, owner_id, kind, is_side, state, args, max_attempts, scheduled_at, check_at, created_at)
     VALUES ('side', ?1, 'operator', 'deliver_webhook', 1, 'available', '{}', 5, 0, 0, 0)`,
    `INSERT INTO deletions (job_id, owner_id, kind, passage_ids, is_asked, asked_at, due_at, until)
     VALUES (?1, 'operator', 'classification', '[]', 1, 0, 0, 0)`,
    `INSERT INTO jobs (id, owner_id, kind, state, input, created_at, follows) VALUES ('f', 'operator', 'classification', 'queued', '{}', 0, ?1)`,
    `INSERT INTO reuses (job_id, reused_from, artifacts, labels, ended_at, taken_up_at) VALUES ('r', ?1, '[]', '[]', 0, 0)`,
  ];
  for (const sql of holding) {
    await DB.batch([
      ...["reservations", "deletions", "reuses"].map((table) => DB.prepare(`DELETE FROM ${table}`)),
      DB.prepare("DELETE FROM tasks WHERE id = 'side'"),
      DB.prepare("DELETE FROM jobs WHERE id = 'f'"),
      DB.prepare("DELETE FROM cursors"),
    ]);
    await DB.prepare(sql).bind(id).run();
    expect([sql, await archive()]).toEqual([sql, 0]);
  }
  await DB.batch([DB.prepare("DELETE FROM reuses"), DB.prepare("DELETE FROM cursors")]);
  expect(await archive()).toBe(1);
  expect(await count("SELECT count(*) AS n FROM jobs WHERE archive_id IS NULL")).toBe(1);
});

test("a job that changed after it was read stays whole", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const { id } = await darkroom.submit({ kind: "classification", text: TEXT });
  await darkroom.untilJob(id);
  const media = new Proxy(MEDIA, {
    get(target, name) {
      if (name !== "put") return Reflect.get(target, name).bind(target) as unknown;
      return async (...args: Parameters<R2Bucket["put"]>) => {
        // A late report of what an attempt has cost.
        await DB.prepare("UPDATE attempts SET neurons = neurons + 1").run();
        return target.put(...args);
      };
    },
  });
  expect(await archive({ ...depsOf(darkroom.bindings()), media })).toBe(0);
  expect(await count("SELECT count(*) AS n FROM tasks")).toBe(1);
});

test("identical work reuses the result of an archived job, and the same upload finds it", async () => {
  const asked = { kind: "classification", text: TEXT };
  const first = await darkroom.submit(asked);
  await darkroom.untilJob(first.id);
  const { artifacts, labels } = await darkroom.readJob(first.id);
  const upload = await darkroom.upload({ name: "one.txt", options: "{}" }, "a text that was uploaded");
  await darkroom.untilJob(upload.id);
  const { calls } = await darkroom.modelCalls();
  expect(await archive()).toBe(2);

  const second = await darkroom.untilJob((await darkroom.submit(asked)).id);
  expect(second).toMatchObject({ state: "completed", reused: { jobId: first.id }, labels });
  expect(second.artifacts.map(({ name }) => name)).toEqual(artifacts.map(({ name }) => name));
  const [source] = (await darkroom.bindings().MEDIA.list({ prefix: "inbox/uploads/" })).objects;
  const again = await darkroom.post("/v1/jobs", { kind: "classification", source: source?.key });
  expect([again.status, (await again.json<{ id: string }>()).id]).toEqual([200, upload.id]);
  expect((await darkroom.modelCalls()).calls).toEqual(calls);
  // Another job shows the first one's result now.
  expect(await archive()).toBe(1);
  expect(await darkroom.readJob(second.id)).toEqual(second);
});

test("work whose fingerprint begins like that of an archived job runs, and does not get the other's result", async () => {
  const { DB } = darkroom.bindings();
  const asked = { kind: "classification", text: "another text" };
  const other = await darkroom.submit(asked);
  await darkroom.untilJob(other.id);
  const fingerprint = await DB.prepare("SELECT fingerprint FROM jobs").first("fingerprint");
  await darkroom.api(`/v1/jobs/${other.id}`, { method: "DELETE" });
  const first = await darkroom.submit({ kind: "classification", text: TEXT });
  await darkroom.untilJob(first.id);
  expect(await archive()).toBe(1);
  // Whoever chooses both texts finds two with the same 64 bits within minutes.
  await DB.prepare("UPDATE jobs SET fingerprint = substr(?1, 1, 16)").bind(fingerprint).run();
  const jobs = await Promise.all([darkroom.submit(asked), darkroom.submit(asked)]);
  const ended = await Promise.all(jobs.map(({ id }) => darkroom.untilJob(id)));
  // One of the two runs, and the other shows its result.
  expect(ended.map(({ reused }) => reused?.jobId ?? null).filter((id) => id !== null)).toHaveLength(1);
  expect(ended.every(({ reused }) => reused?.jobId !== first.id)).toBe(true);
  expect((await darkroom.modelCalls()).calls["another text"]).toBe(2);
});

test.each(["was cancelled", "has completed"])(
  "jobs that wait for one that %s, and are not identical, each run",
  async (end) => {
    const { DB } = darkroom.bindings();
    const first = await darkroom.submit({ kind: "classification", text: TEXT });
    await darkroom.untilJob(first.id);
    await darkroom.post("/v1/queues/classification/pause", {});
    const texts = ["a text", "a text", "another text"];
    const waiting = [];
    for (const text of texts) waiting.push(await darkroom.submit({ kind: "classification", text, reuse: false }));
    // All of their fingerprints began like that of the first, which was archived.
    await DB.batch([
      DB.prepare("UPDATE jobs SET follows = ?1 WHERE state = 'queued'").bind(first.id),
      DB.prepare("UPDATE tasks SET state = 'pending' WHERE state = 'available'"),
      DB.prepare("UPDATE jobs SET state = ?2, kept_until = 1e15 WHERE id = ?1").bind(first.id, end.split(" ")[1]),
    ]);
    await darkroom.post("/v1/queues/classification/resume", {});
    await darkroom.maintain();
    const ended = [];
    for (const { id } of waiting) ended.push(await darkroom.untilJob(id));
    expect(ended.map(({ reused }) => reused?.jobId)).toEqual([undefined, waiting[0]?.id, undefined]);
  },
);

test("identical work reuses a result that is not archived rather than one that is", async () => {
  const { DB } = darkroom.bindings();
  const asked = { kind: "classification", text: TEXT };
  await darkroom.untilJob((await darkroom.submit(asked)).id);
  const { id } = await darkroom.submit({ ...asked, reuse: false });
  await darkroom.untilJob(id);
  await DB.prepare("UPDATE jobs SET kept_until = 1e15 WHERE id = ?1").bind(id).run();
  expect(await archive()).toBe(1);
  const again = await darkroom.untilJob((await darkroom.submit(asked)).id);
  expect(again.reused?.jobId).toBe(id);
  expect(await count("SELECT count(*) AS n FROM jobs WHERE archive_id IS NOT NULL")).toBe(1);
});

test("a job that waits for the result of an archived one gets it from maintenance, if the Worker died before", async () => {
  const { DB } = darkroom.bindings();
  const first = await darkroom.submit({ kind: "classification", text: TEXT });
  await darkroom.untilJob(first.id);
  await archive();
  await DB.prepare(
    `INSERT INTO jobs (id, owner_id, kind, state, input, created_at, follows) VALUES ('late', 'operator', 'classification', 'queued', '{"text":"x"}', 1, ?1)`,
  )
    .bind(first.id)
    .run();
  await darkroom.maintain();
  expect(await darkroom.readJob("late")).toMatchObject({ state: "completed", reused: { jobId: first.id } });
});

test("a job that waits for an archived one runs itself if the line is lost", async () => {
  const { MEDIA } = darkroom.bindings();
  const asked = { kind: "classification", text: TEXT };
  const first = await darkroom.submit(asked);
  await darkroom.untilJob(first.id);
  await archive();
  for (const { key } of (await MEDIA.list({ prefix: "system/archives/" })).objects) await MEDIA.delete(key);
  const second = await darkroom.submit(asked);
  await darkroom.maintain();
  expect(await darkroom.untilJob(second.id)).toMatchObject({ state: "completed" });
});

test("a job whose follower was cancelled is archived, and so is that follower", async () => {
  const { DB } = darkroom.bindings();
  const { id } = await darkroom.submit({ kind: "classification", text: TEXT });
  await darkroom.untilJob(id);
  await DB.prepare(
    `INSERT INTO jobs (id, owner_id, kind, state, input, created_at, finalized_at, follows)
     VALUES ('stopped', 'operator', 'classification', 'cancelled', '{"text":"x"}', 1, 2, ?1)`,
  )
    .bind(id)
    .run();
  expect(await archive()).toBe(2);
});

test("the text of an archived job is unreadable once the job is deleted, and its object is deleted a month after its last job", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const kept = await darkroom.submit({ kind: "classification", text: "the vibraphone" });
  const gone = await darkroom.submit({ kind: "classification", text: TEXT });
  for (const { id } of [kept, gone]) await darkroom.untilJob(id);
  const receipt = await (
    await darkroom.api(`/v1/jobs/${gone.id}/receipt`)
  ).json<{ attempts: readonly unknown[]; total: { neurons: number } }>();
  const archived = async () => (await MEDIA.list({ prefix: "system/archives/" })).objects.map(({ key }) => key);
  expect(await archive()).toBe(2);
  expect(await archived()).toHaveLength(1);
  const beforehand = await findEverywhere({ DB, MEDIA }, "marimba");
  expect(beforehand).toContain("jobs.input");
  expect(beforehand.filter((place) => place.startsWith("r2:system/archives/"))).toEqual([]);

  expect((await darkroom.api(`/v1/jobs/${gone.id}`, { method: "DELETE" })).status).toBe(200);
  expect(await findEverywhere({ DB, MEDIA }, "marimba")).toEqual([]);
  const audit = await DB.prepare("SELECT detail FROM audit WHERE act = 'job.delete'").first<string>("detail");
  expect(JSON.parse(audit ?? "{}")).toMatchObject({
    attempts: receipt.attempts.length,
    neurons: receipt.total.neurons,
  });
  expect(await darkroom.readJob(kept.id)).toMatchObject({ state: "completed", input: { text: "the vibraphone" } });

  const now = Date.now();
  const later = (days: number) => forgetArchives(depsOf(darkroom.bindings()), now + days * DAY_MS);
  expect([await later(30), await later(40)]).toEqual([0, 1]);
  expect(await archived()).toEqual([]);
  expect(await count("SELECT count(*) AS n FROM archives")).toBe(0);
});

test("an archived job is pruned without being brought back", async () => {
  const { MEDIA } = darkroom.bindings();
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "a red lighthouse" });
  await darkroom.untilJob(id);
  await archive();
  // Neither a row's names nor a list of the bucket: the row has the number of a usual list of names.
  expect(await count("SELECT count(*) AS n FROM jobs WHERE stored_names IS NULL AND archive_names IS NOT NULL")).toBe(
    1,
  );
  await darkroom.maintain(new Date(Date.now() + 31 * DAY_MS));
  expect(await count("SELECT count(*) AS n FROM jobs")).toBe(0);
  expect(await count("SELECT sum(jobs) AS n FROM archives")).toBe(0);
  expect((await MEDIA.list({ prefix: "results/" })).objects).toEqual([]);
});

test("a job that an earlier version brings back does not keep the names that it had stored until then", async () => {
  const { DB } = darkroom.bindings();
  const { id } = await darkroom.submit({ kind: "classification", text: TEXT });
  await darkroom.untilJob(id);
  await archive();
  expect(await count("SELECT count(*) AS n FROM jobs WHERE archive_names IS NOT NULL")).toBe(1);
  await DB.prepare(
    `UPDATE jobs SET archive_id = NULL, archive_offset = NULL, archive_bytes = NULL, archive_secret = NULL, archive_neurons = NULL,
            stored_names = NULL WHERE id = ?1`,
  )
    .bind(id)
    .run();
  // A later attempt may store more, and an earlier version may archive it again.
  expect(await count("SELECT count(*) AS n FROM jobs WHERE archive_names IS NOT NULL")).toBe(0);
});

test("a job whose archive is gone is deleted with its source, whether its upload is remembered or not", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  for (const isRemembered of [true, false]) {
    const { id } = await darkroom.upload({ name: "one.txt", options: "{}" }, `a text that is ${String(isRemembered)}`);
    await darkroom.untilJob(id);
    expect(await archive()).toBe(1);
    for (const { key } of (await MEDIA.list({ prefix: "system/archives/" })).objects) await MEDIA.delete(key);
    if (!isRemembered) await DB.prepare("DELETE FROM uploads").run();
    const deleted = await darkroom.api(`/v1/jobs/${id}?source=true`, { method: "DELETE" });
    expect([deleted.status, await deleted.json()]).toEqual([200, { id, source: "deleted" }]);
    expect((await MEDIA.list({ prefix: "inbox/" })).objects).toEqual([]);
    expect(await count("SELECT count(*) AS n FROM uploads")).toBe(0);
  }
});

test("a source that was replaced stays, although neither the archive nor the upload is there to say what it was", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  await darkroom.putAndAnnounce("inbox/replaced.txt", "a text");
  const { id } = await until(
    () => DB.prepare("SELECT id FROM jobs").first<{ id: string }>(),
    (found) => found !== null,
  ).then((found) => found!);
  await darkroom.untilJob(id);
  expect(await archive()).toBe(1);
  for (const { key } of (await MEDIA.list({ prefix: "system/archives/" })).objects) await MEDIA.delete(key);
  await DB.prepare("DELETE FROM uploads").run();
  await MEDIA.put("inbox/replaced.txt", "another text");
  const deleted = await darkroom.api(`/v1/jobs/${id}?source=true`, { method: "DELETE" });
  expect([deleted.status, await deleted.json()]).toEqual([200, { id, source: "none" }]);
  expect(await MEDIA.head("inbox/replaced.txt")).not.toBeNull();
});

test("a job can be deleted although its archive is gone, and a read of it fails", async () => {
  const { MEDIA } = darkroom.bindings();
  const { id } = await darkroom.submit({ kind: "classification", text: TEXT });
  await darkroom.untilJob(id);
  await archive();
  for (const { key } of (await MEDIA.list({ prefix: "system/archives/" })).objects) await MEDIA.delete(key);
  const neurons = await count("SELECT archive_neurons AS n FROM jobs");
  expect(neurons).toBeGreaterThan(0);
  expect((await darkroom.api(`/v1/jobs/${id}`)).status).toBe(500);
  expect((await darkroom.api(`/v1/jobs/${id}`, { method: "DELETE" })).status).toBe(200);
  expect(await count("SELECT detail ->> 'neurons' AS n FROM audit WHERE act = 'job.delete'")).toBe(neurons);
  expect(await count("SELECT count(*) AS n FROM jobs")).toBe(0);
});

/** How many bytes each row of jobs takes with its indexes, in a database of copies of this row with ids of their own. */
async function bytesPerRow(row: Record<string, SQLInputValue>): Promise<number> {
  const COPIES = 5000;
  const database = await migratedDatabase();
  const columns = Object.keys(row);
  const insert = database.prepare(
    `INSERT INTO jobs (${columns.join(", ")}) VALUES (${columns.map((_, index) => `?${index + 1}`).join(", ")})`,
  );
  const size = () => Number(Object.values(database.prepare("PRAGMA page_count").get() ?? {})[0]) * 4096;
  const before = size();
  for (let copy = 0; copy < COPIES; copy += 1) {
    const [at, fresh] = [Number(row["finalized_at"]) + copy, createHash("md5").update(String(copy)).digest("hex")];
    const own = { id: `job_${fresh}`, fingerprint: fresh, created_at: at, finalized_at: at };
    insert.run(...Object.values({ ...row, ...own }));
  }
  return (size() - before) / COPIES;
}

test("an archived job takes a few hundred bytes of the database", async () => {
  const { DB } = darkroom.bindings();
  const { id } = await darkroom.submit({
    kind: "image_generation",
    prompt: "a red lighthouse on a cliff at dusk, oil on canvas",
  });
  await darkroom.untilJob(id);
  await archive();
  const picture = await DB.prepare("SELECT * FROM jobs").first<Record<string, SQLInputValue>>();
  const recording = await darkroom.upload({ name: "short.wav" }, speech("one two three"));
  await darkroom.untilJob(recording.id);
  await archive();
  const heard = await DB.prepare("SELECT * FROM jobs WHERE id = ?1")
    .bind(recording.id)
    .first<Record<string, SQLInputValue>>();
  const bytes = await Promise.all([picture, heard].map((row) => bytesPerRow(row ?? {})));
  expect(bytes[0]).toBeLessThan(545);
  expect(bytes[1]).toBeLessThan(560);
});

test("a line has every column of the rows that leave the database", async () => {
  const { DB } = darkroom.bindings();
  // What the line's job says, and what only a task that runs has.
  const elsewhere = new Set([
    "job_id",
    "owner_id",
    "args",
    "is_side",
    "lease_id",
    "leased_at",
    "held_by",
    "is_newcomer",
    "lane",
  ]);
  const lists = {
    tasks: TASK_COLUMNS,
    attempts: ATTEMPT_COLUMNS,
    artifacts: ARTIFACT_COLUMNS,
    chunks: CHUNK_COLUMNS,
  } as const;
  for (const [table, columns] of Object.entries(lists)) {
    const { results } = await DB.prepare(`PRAGMA table_info("${table}")`).all<{ name: string }>();
    const names = results.map(({ name }) => name).filter((name) => !elsewhere.has(name));
    expect([table, names.toSorted()]).toEqual([table, [...columns].toSorted()]);
  }
});

test("a bucket that fails keeps jobs whole, and they are archived later", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const { id } = await darkroom.submit({ kind: "classification", text: TEXT });
  await darkroom.untilJob(id);
  const media = new Proxy(MEDIA, {
    get: (target, name) =>
      name === "get" ? async () => null : (Reflect.get(target, name) as (...all: never[]) => unknown).bind(target),
  });
  faults.length = 0;
  expect(await archive({ ...depsOf(darkroom.bindings()), media })).toBe(0);
  expect(new Set(faults)).toEqual(new Set(["archive.failed"]));
  expect(await count("SELECT count(*) AS n FROM tasks")).toBe(1);
  // The first walk is past it; the second one has begun anew.
  expect(await DB.prepare("SELECT value FROM cursors WHERE name = 'archive'").first("value")).toContain(id);
  expect(await archive()).toBe(1);
});
