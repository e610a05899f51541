// Deletion: the content of a job is nowhere left, whatever its state was.
import { expect, test } from "vitest";

import { finishDeletions } from "../consumer/maintenance/prune.ts";
import { deleteJob } from "../producer/jobs/delete-job.ts";
import { PROBLEMS } from "../producer/http/problem.ts";
import { DELETED_STATUS, DELETED_TITLE } from "../shared/jobs/forget-answers.ts";
import { intakeOf } from "../shared/jobs/intake.ts";
import { d1Index } from "../shared/search/d1-index.ts";
import { vectorizeIndex } from "../shared/search/vectorize-index.ts";
import { findEverywhere } from "./everywhere.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { passagesOf } from "./passages.ts";
import { startReceiver } from "./receiver.ts";
import { speech } from "./speech.ts";
import { standInForVectorize } from "./vectorize.ts";

const darkroom = startDarkroom();
const DAY_MS = 24 * 3_600_000;
const ACTOR = { ownerId: "operator", actor: "key:test" };

const everywhere = (word: string) => findEverywhere(darkroom.bindings(), word);
const remove = (id: string, query = "", key = KEYS.operator) =>
  darkroom.api(`/v1/jobs/${id}${query}`, { method: "DELETE", key });
const count = (sql: string) => darkroom.bindings().DB.prepare(sql).first<number>("n");
/** Return the keys of objects that jobs read and wrote. The product's own objects have no content of jobs. */
async function objectsLeft(): Promise<string[]> {
  const { objects } = await darkroom.bindings().MEDIA.list();
  return objects.map(({ key }) => key).filter((key) => !key.startsWith("system/"));
}
const spent = () => count("SELECT coalesce(sum(calls), 0) AS n FROM usage_days WHERE owner_id = 'operator'");

test("a deleted job leaves its words nowhere, and its figures stay", async () => {
  const receiver = await startReceiver();
  await darkroom.post("/v1/webhooks", { url: `${receiver.url}/hook` });
  const marks = { tag: "xylo-tag", metadata: JSON.stringify({ note: "xylo note" }) };
  const query = new URLSearchParams({
    name: "xylo.wav",
    options: JSON.stringify({ initialPrompt: "xylophone" }),
    ...marks,
  });
  for (const then of ["summarise", "embed"]) query.append("then", then);
  const response = await darkroom.api(`/v1/uploads?${query.toString()}`, {
    method: "POST",
    body: speech("the xylophone plays"),
    headers: { "idempotency-key": "upload-1" },
  });
  const { id } = await response.json<{ id: string }>();
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "completed" });
  await receiver.untilReceived("/hook", 1);
  const places = await everywhere("xylo");
  for (const place of [
    "jobs.input",
    "jobs.tags",
    "jobs.metadata",
    "job_marks.mark",
    "tasks.args",
    "idempotency_keys.body",
    "passages.text",
    "passages_fts_data.block",
    "uploads.key",
  ]) {
    expect(places).toContain(place);
  }
  expect(places.filter((place) => place.startsWith("r2:results/")).length).toBeGreaterThan(3);
  expect(places.filter((place) => place.startsWith("r2:inbox/"))).toHaveLength(1);
  const calls = await spent();

  const deleted = await remove(id, "?source=true");
  expect([deleted.status, await deleted.json()]).toEqual([200, { id, source: "deleted" }]);
  expect(await everywhere("xylo")).toEqual([]);
  expect((await darkroom.api(`/v1/jobs/${id}`)).status).toBe(404);
  expect((await remove(id)).status).toBe(404);
  expect(await objectsLeft()).toEqual([]);
  // The objects are checked once more when nothing can be written for the job any more.
  await darkroom.maintain(new Date(Date.now() + 6 * 60_000));
  for (const table of ["jobs", "tasks", "attempts", "artifacts", "webhook_deliveries", "passages", "deletions"]) {
    expect([table, await count(`SELECT count(*) AS n FROM ${table}`)]).toEqual([table, 0]);
  }
  // Billing is by day, and the audit log has the cost of this job.
  expect(await spent()).toBe(calls);
  const { audit } = await (await darkroom.api("/v1/audit?act=job.delete")).json<{ audit: unknown[] }>();
  expect(audit).toMatchObject([
    { actor: "key:operator", subject: id, detail: { kind: "transcription", state: "completed" } },
  ]);
  expect((audit[0] as { detail: { neurons: number } }).detail.neurons).toBeGreaterThan(1);

  expect((await remove(id)).status).toBe(404);
  await receiver.close();
});

test("dead letters are deleted with their job, and so are their edits and notes", async () => {
  const broken = await darkroom.submit({ kind: "image_generation", prompt: "error:3010 a zither" });
  await darkroom.untilJob(broken.id);
  const letters = () => darkroom.api("/v1/dead-letters?view=list").then((answer) => answer.json<Letters>());
  type Letters = { deadLetters: { id: string }[] };
  const [first] = (await letters()).deadLetters;
  await darkroom.post(`/v1/dead-letters/${first!.id}/redrive`, { options: { model: "flux-1-schnell" } });
  await darkroom.untilJob(broken.id, ({ state, attempts }) => state === "failed" && attempts.length === 2);
  const [second] = (await letters()).deadLetters;
  await darkroom.post(`/v1/dead-letters/${second!.id}/discard`, { note: "the zither is out of tune" });
  expect(await everywhere("zither")).toEqual(
    expect.arrayContaining(["audit.detail", "dead_letters.note", "jobs.input"]),
  );
  expect((await remove(broken.id)).status).toBe(200);
  expect(await everywhere("zither")).toEqual([]);
  const acts = await count("SELECT count(*) AS n FROM audit WHERE act LIKE 'dead_letter.%'");
  expect(acts).toBe(2);
});

test("a running job is deleted: its call is stopped, nothing comes back, and its cost is counted", async () => {
  const { MEDIA } = darkroom.bindings();
  const job = await darkroom.submit({ kind: "image_generation", prompt: "sleep:4000 a kazoo" });
  await darkroom.untilJob(job.id, ({ state }) => state === "running");
  await until(
    async () => (await darkroom.modelCalls()).calls["sleep:4000 a kazoo"] ?? 0,
    (calls) => calls === 1,
  );
  const before = await spent();
  const deleted = await remove(job.id);
  expect([deleted.status, await deleted.json()]).toEqual([200, { id: job.id, source: "none" }]);
  await until(spent, (calls) => calls === (before ?? 0) + 1);
  // The attempt has settled, so nothing more is expected of it.
  expect(await count("SELECT count(*) AS n FROM deleted_attempts")).toBe(0);
  // Objects that a late attempt still stores are searched once no attempt can be left.
  await MEDIA.put(`results/${job.id}/1/image.jpg`, "a kazoo");
  await darkroom.maintain(new Date(Date.now() + 5 * 60_000));
  expect(await everywhere("kazoo")).toHaveLength(1);
  await darkroom.maintain(new Date(Date.now() + 21 * 60_000));
  expect(await everywhere("kazoo")).toEqual([]);
  expect(await count("SELECT count(*) AS n FROM deletions")).toBe(0);
});

test("a job that waits is deleted before it costs anything, with no webhook", async () => {
  const receiver = await startReceiver();
  await darkroom.post("/v1/webhooks", { url: `${receiver.url}/hook` });
  await darkroom.post("/v1/queues/classification/pause", {});
  const job = await darkroom.submit({ kind: "classification", text: "a banjo" });
  expect((await remove(job.id)).status).toBe(200);
  await darkroom.post("/v1/queues/classification/resume", {});
  expect(await everywhere("banjo")).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await darkroom.modelCalls()).calls["a banjo"]).toBeUndefined();
  expect(receiver.received).toEqual([]);
  await receiver.close();
});

test("a result that another job shows stays until that one is deleted too", async () => {
  const request = { kind: "image_generation", prompt: "a cello" };
  const first = await darkroom.submit(request);
  await darkroom.untilJob(first.id);
  const second = await darkroom.submit(request);
  expect(await darkroom.untilJob(second.id)).toMatchObject({ reused: { jobId: first.id } });

  expect((await remove(first.id)).status).toBe(200);
  expect((await darkroom.api(`/v1/jobs/${first.id}`)).status).toBe(404);
  expect((await darkroom.api(`/v1/jobs/${second.id}/artifacts/image.jpg`)).status).toBe(200);
  await darkroom.maintain(new Date(Date.now() + 21 * 60_000));
  expect((await darkroom.api(`/v1/jobs/${second.id}/artifacts/image.jpg`)).status).toBe(200);

  expect((await remove(second.id)).status).toBe(200);
  expect(await objectsLeft()).toEqual([]);
  expect(await everywhere("cello")).toEqual([]);
});

test("a job that waited for the deleted one runs itself", async () => {
  const request = { kind: "image_generation", prompt: "sleep:1500 a lute" };
  const first = await darkroom.submit(request);
  const second = await darkroom.submit(request);
  await darkroom.untilJob(first.id, ({ state }) => state === "running");
  expect((await remove(first.id)).status).toBe(200);
  expect(await darkroom.untilJob(second.id)).toMatchObject({ state: "completed", reused: null });
});

test("a source stays while another job reads it, and when it has been replaced", async () => {
  const { MEDIA } = darkroom.bindings();
  const upload = await darkroom.upload({ name: "shared.wav" }, speech("a bassoon"));
  const job = await darkroom.untilJob(upload.id);
  const { key } = (job.input as { source: { key: string } }).source;
  const again = await darkroom.submit({ kind: "transcription", source: key, options: { language: "de" } });
  await darkroom.untilJob(again.id);
  expect(await (await remove(again.id)).json()).toEqual({ id: again.id, source: "kept" });
  const third = await darkroom.submit({ kind: "transcription", source: key, options: { language: "fr" } });
  await darkroom.untilJob(third.id);
  expect(await (await remove(third.id, "?source=true")).json()).toEqual({ id: third.id, source: "in_use" });
  expect(await MEDIA.head(key)).not.toBeNull();
  await MEDIA.put(key, "something else");
  expect(await (await remove(upload.id, "?source=true")).json()).toEqual({ id: upload.id, source: "none" });
  expect(await MEDIA.head(key)).not.toBeNull();
});

test("the sweep does not pay again for an upload whose job was deleted; a deleted upload may be stored again", async () => {
  const { MEDIA } = darkroom.bindings();
  const ids = async () => (await (await darkroom.api("/v1/jobs")).json<{ jobs: { id: string }[] }>()).jobs;
  await darkroom.putAndAnnounce("inbox/viola.wav", speech("a viola"));
  const [job] = await until(ids, (found) => found.length === 1);
  await darkroom.untilJob(job!.id);
  await remove(job!.id);
  await darkroom.maintain(new Date(Date.now() + 61_000));
  expect(await ids()).toEqual([]);
  await MEDIA.delete("inbox/viola.wav");

  await darkroom.putAndAnnounce("inbox/oboe.wav", speech("an oboe"));
  const [first] = await until(ids, (found) => found.length === 1);
  await darkroom.untilJob(first!.id);
  await remove(first!.id, "?source=true");
  expect(await everywhere("oboe")).toEqual([]);
  await darkroom.putAndAnnounce("inbox/oboe.wav", speech("an oboe"));
  const [second] = await until(ids, (found) => found.length === 1);
  expect(second!.id).toBe(first!.id);
  expect(await darkroom.untilJob(second!.id)).toMatchObject({ state: "completed" });
  await darkroom.maintain(new Date(Date.now() + 25 * 60_000));
  expect((await darkroom.api(`/v1/jobs/${second!.id}/artifacts/transcript.txt`)).status).toBe(200);
});

test("a request repeated after its job was deleted creates nothing, and says so", async () => {
  const headers = { "idempotency-key": "k" };
  const one = JSON.stringify({ kind: "classification", text: "a trombone" });
  const send = (path: string, body: string, key: string) =>
    darkroom.api(path, { method: "POST", body, headers: { "idempotency-key": key } });
  const { id } = await (await darkroom.api("/v1/jobs", { method: "POST", body: one, headers })).json<{ id: string }>();
  const both = JSON.stringify({ jobs: [JSON.parse(one), { kind: "classification", text: "a flute" }] });
  const batch = await (await send("/v1/jobs/batch", both, "b")).json<{ results: { job: { id: string } }[] }>();
  const [twin, other] = batch.results.map(({ job }) => job.id);
  for (const job of [id, twin!]) expect((await remove(job)).status).toBe(200);

  const again = await send("/v1/jobs", one, "k");
  expect([again.status, again.headers.get("content-type")]).toEqual([410, "application/problem+json"]);
  expect(await again.json()).toMatchObject({ code: "job_deleted", type: "urn:darkroom:problem:job_deleted" });
  expect(PROBLEMS.job_deleted).toEqual([DELETED_STATUS, DELETED_TITLE]);
  const { results } = await (await send("/v1/jobs/batch", both, "b")).json<{ results: unknown[] }>();
  expect(results).toMatchObject([{ index: 0, status: 410, problem: { code: "job_deleted" } }, { job: { id: other } }]);
  expect(await everywhere("trombone")).toEqual([]);
  expect(await everywhere("flute")).not.toEqual([]);
});

test("a deletion that dies on the way to the bucket is finished by maintenance, or by asking again", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const env = darkroom.bindings();
  const broken = new Proxy(MEDIA, {
    get: (target, name) =>
      name === "list" ? () => Promise.reject(new Error("R2 is away")) : (Reflect.get(target, name) as unknown),
  });
  const deps = { ...intakeOf(env), media: broken, passages: d1Index(DB) };
  const ids: string[] = [];
  for (const text of ["a tuba", "a harp"]) {
    const { id } = await darkroom.submit({ kind: "classification", text });
    await darkroom.untilJob(id);
    expect(await deleteJob(id, { withSource: true }, ACTOR, deps)).toEqual({ isWhole: false, source: "none" });
    expect((await darkroom.api(`/v1/jobs/${id}`)).status).toBe(404);
    ids.push(id);
  }
  expect(await objectsLeft()).toHaveLength(2);
  expect((await remove(ids[0]!)).status).toBe(200);
  expect(await objectsLeft()).toHaveLength(1);
  await darkroom.maintain(new Date(Date.now() + 61_000));
  expect(await objectsLeft()).toEqual([]);
  await darkroom.maintain(new Date(Date.now() + 6 * 60_000));
  expect(await count("SELECT count(*) AS n FROM deletions")).toBe(0);
});

test("the record of a described job is deleted too, even one that was being written", async () => {
  const { MEDIA } = darkroom.bindings();
  const { id } = await darkroom.submit({ kind: "classification", text: "a piccolo" });
  const other = await darkroom.submit({ kind: "classification", text: "a cornet" });
  await darkroom.untilJob(id);
  await darkroom.untilJob(other.id);
  await darkroom.maintain();
  const record = (await everywhere("piccolo")).find((place) => place.startsWith("r2:system/described/"));
  const key = record!.slice("r2:".length);
  const text = await (await MEDIA.get(key))!.text();
  expect((await remove(id)).status).toBe(200);
  expect(await everywhere("piccolo")).toEqual([]);
  expect(await everywhere("cornet")).toContain(record);
  await MEDIA.put(key, text);
  await darkroom.maintain(new Date(Date.now() + 6 * 60_000));
  expect(await everywhere("piccolo")).toEqual([]);
  expect(await everywhere("cornet")).toContain(record);
  expect((await remove(other.id)).status).toBe(200);
  expect(await everywhere("cornet")).toEqual([]);
});

test("vectors in Vectorize are deleted too, even one that a late attempt writes", async () => {
  const env = darkroom.bindings();
  const { binding, stored } = standInForVectorize();
  const passages = vectorizeIndex(env.DB, binding);
  const deps = { ...intakeOf(env), passages };
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "sleep:3000 a drum" });
  await darkroom.untilJob(id, ({ state }) => state === "running");
  const job = { id, ownerId: "operator", kind: "image_generation" } as const;
  await passages.put(job, { passages: passagesOf(id, [{ text: "a drum" }]), space: "s" });
  const [vector] = stored.values();
  expect(vector!.id).toBe(`${id}:transcript:0`);
  expect(await deleteJob(id, { withSource: false }, ACTOR, deps)).toEqual({ isWhole: true, source: "none" });
  expect(stored.size).toBe(0);
  stored.set(vector!.id, vector!);
  await finishDeletions({ ...deps, retentionDays: 30 }, Date.now() + 21 * 60_000);
  expect(stored.size).toBe(0);
});

test("a job that is deleted a second time leaves no earlier vectors", async () => {
  const env = darkroom.bindings();
  const { binding, stored } = standInForVectorize();
  const passages = vectorizeIndex(env.DB, binding);
  const deps = { ...intakeOf(env), passages };
  const put = async () => {
    await darkroom.putAndAnnounce("inbox/spinet.wav", speech("a spinet"));
    const list = async () => (await (await darkroom.api("/v1/jobs")).json<{ jobs: { id: string }[] }>()).jobs;
    const [job] = await until(list, (found) => found.length === 1);
    return (await darkroom.untilJob(job!.id)).id;
  };
  const id = await put();
  const job = { id, ownerId: "operator", kind: "transcription" } as const;
  await passages.put(job, { passages: passagesOf(id, [{ text: "a spinet" }]), space: "s" });
  const [vector] = stored.values();
  await deleteJob(id, { withSource: true }, ACTOR, deps);
  // The job is submitted again before everything is gone, and deleted again before it has passages.
  expect(await put()).toBe(id);
  await deleteJob(id, { withSource: true }, ACTOR, deps);
  stored.set(vector!.id, vector!);
  await finishDeletions({ ...deps, retentionDays: 30 }, Date.now() + 21 * 60_000);
  expect(stored.size).toBe(0);
});

test("an owner's jobs are kept for their own retention, shorter or longer than the default", async () => {
  for (const [owner, days] of [
    ["operator", 60],
    ["other", 3],
  ] as const) {
    const set = await darkroom.api(`/v1/retention/${owner}`, { method: "PUT", body: JSON.stringify({ days }) });
    expect(await set.json()).toMatchObject({ ownerId: owner, days });
  }
  const refused = await darkroom.api("/v1/retention/other", { method: "PUT", body: "{}", key: KEYS.other });
  expect(refused.status).toBe(403);
  const own = await darkroom.api("/v1/retention", { key: KEYS.other });
  expect(await own.json()).toMatchObject({ days: 30, retentions: [{ ownerId: "other", days: 3 }] });

  const { id: longer } = await darkroom.submit({ kind: "classification", text: "kept long" });
  const { id: shorter } = await darkroom.submit({ kind: "classification", text: "kept short" }, KEYS.other);
  await darkroom.untilJob(longer);
  await darkroom.untilJob(shorter, undefined, KEYS.other);
  const left = async (days: number) => {
    await darkroom.maintain(new Date(Date.now() + days * DAY_MS));
    const [mine, theirs] = await Promise.all([
      darkroom.api(`/v1/jobs/${longer}`),
      darkroom.api(`/v1/jobs/${shorter}`, { key: KEYS.other }),
    ]);
    return [mine.status, theirs.status];
  };
  expect(await left(2)).toEqual([200, 200]);
  expect(await left(4)).toEqual([200, 404]);
  expect(await left(31)).toEqual([200, 404]);
  expect((await darkroom.api("/v1/retention/operator", { method: "DELETE" })).status).toBe(204);
  expect((await darkroom.api("/v1/retention/operator", { method: "DELETE" })).status).toBe(404);
  expect(await left(31)).toEqual([404, 404]);
  expect(await objectsLeft()).toEqual([]);
});

test("jobs that are kept longer do not hold up the deletion of others", async () => {
  const { DB } = darkroom.bindings();
  await darkroom.api("/v1/retention/keeper", { method: "PUT", body: JSON.stringify({ days: 90 }) });
  const rows = Array.from({ length: 1520 }, (_, index) => ({
    id: `job_${index}`,
    owner: index < 1500 ? "keeper" : "operator",
    at: 1000 + index,
  }));
  await DB.prepare(
    `INSERT INTO jobs (id, owner_id, kind, state, input, created_at, finalized_at)
     SELECT value ->> 'id', value ->> 'owner', 'classification', 'completed', '{}', value ->> 'at', value ->> 'at' FROM json_each(?1)`,
  )
    .bind(JSON.stringify(rows))
    .run();
  const now = new Date(40 * DAY_MS);
  for (let run = 0; run < 3; run += 1) await darkroom.maintain(now);
  expect(await count("SELECT count(*) AS n FROM jobs WHERE owner_id = 'operator'")).toBe(0);
  expect(await count("SELECT count(*) AS n FROM jobs WHERE owner_id = 'keeper'")).toBe(1500);
});
