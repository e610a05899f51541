// The ways in which clients send requests: repeated, waiting, in batches, with their own tags, and only for changes.
import { request as requestOf } from "node:http";

import { expect, test } from "vitest";

import { KEYS, startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";
import type { JobView } from "./views.ts";

const darkroom = startDarkroom();

type Problem = { code: string };

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return darkroom.api(path, { method: "POST", body: JSON.stringify(body), headers });
}

async function count(table: string): Promise<number | null> {
  return darkroom.bindings().DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<number>("n");
}

test("twenty requests with one key create one job, and each gets the job or has to wait", async () => {
  const request = { kind: "image_generation", prompt: "a boat", reuse: false };
  const headers = { "idempotency-key": '"twenty"' };
  const answers = await Promise.all(Array.from({ length: 20 }, async () => post("/v1/jobs", request, headers)));
  expect(await count("jobs")).toBe(1);
  const fresh = answers.filter((one) => one.status === 201 && !one.headers.has("idempotency-replayed"));
  expect(fresh).toHaveLength(1);
  const first = await fresh[0]!.text();
  const others = answers.filter((one) => one !== fresh[0]);
  const told = await Promise.all(others.map(async (answer) => [answer.status, await answer.text()] as const));
  for (const [status, text] of told) {
    expect(status === 201 ? [201, text] : [status, (JSON.parse(text) as Problem).code]).toEqual(
      status === 201 ? [201, first] : [409, "idempotency_in_flight"],
    );
  }
  const replayed = await post("/v1/jobs", request, { "idempotency-key": "twenty" });
  expect([replayed.status, replayed.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
  expect(replayed.headers.get("location")).toBe(fresh[0]!.headers.get("location"));
  expect(await replayed.text()).toBe(first);

  const other = await post("/v1/jobs", { ...request, prompt: "another" }, headers);
  expect([other.status, (await other.json<Problem>()).code]).toEqual([422, "idempotency_mismatch"]);
  const elsewhere = await post("/v1/redrives", { filter: { all: true } }, headers);
  expect([elsewhere.status, (await elsewhere.json<Problem>()).code]).toEqual([422, "idempotency_mismatch"]);
  const bad = await post("/v1/jobs", request, { "idempotency-key": "two words" });
  expect([bad.status, (await bad.json<Problem>()).code]).toEqual([400, "invalid_idempotency_key"]);
  const theirs = await darkroom.api("/v1/jobs", {
    method: "POST",
    body: JSON.stringify({ ...request, prompt: "theirs" }),
    headers,
    key: KEYS.other,
  });
  expect(theirs.status).toBe(201);
});

test("a request that died half-way is run again after a minute, and finds what its first run created", async () => {
  const { DB } = darkroom.bindings();
  const request = { kind: "image_generation", prompt: "once", reuse: false };
  const headers = { "idempotency-key": "died" };
  const first = await (await post("/v1/jobs", request, headers)).json<JobView>();
  // The row has this state when the Worker dies between the job and the answer.
  const forget = async (runAt: number) =>
    DB.prepare("UPDATE idempotency_keys SET status = NULL, headers = NULL, body = NULL, run_at = ?1").bind(runAt).run();
  await forget(Date.now());
  expect((await post("/v1/jobs", request, headers)).status).toBe(409);
  await forget(Date.now() - 61_000);
  const again = await post("/v1/jobs", request, headers);
  expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([200, null]);
  expect((await again.json<JobView>()).id).toBe(first.id);
  expect(await count("jobs")).toBe(1);
  await darkroom.maintain(new Date(Date.now() + 25 * 3_600_000));
  expect(await count("idempotency_keys")).toBe(0);
});

test("an upload with a key is stored once", async () => {
  const upload = async (body: BodyInit, key = "up") =>
    darkroom.api("/v1/uploads?name=a.wav", { method: "POST", body, headers: { "idempotency-key": key } });
  const first = await (await upload(speech("one two"))).json<JobView>();
  const again = await upload(speech("one two"));
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect((await again.json<JobView>()).id).toBe(first.id);
  expect((await upload(speech("one two three"))).status).toBe(422);
  expect((await darkroom.bindings().MEDIA.list({ prefix: "inbox/" })).objects).toHaveLength(1);
});

/** Begin to send an upload, and disconnect in the middle of it. */
async function breakOff(path: string, body: Uint8Array, headers: { "idempotency-key": string }): Promise<void> {
  const sending = requestOf(`${darkroom.origin()}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEYS.operator}`, "content-length": String(body.length), ...headers },
  });
  sending.on("error", () => undefined);
  sending.write(body.subarray(0, body.length / 2));
  await until(
    () => count("idempotency_keys"),
    (begun) => begun === 1,
  );
  sending.destroy();
}

test("an upload that was cut off can be sent again with its key", async () => {
  const body = speech(Array.from({ length: 20 }, (_, index) => `word${index}`).join(" "));
  const headers = { "idempotency-key": "cut-off" };
  await breakOff("/v1/uploads?name=a.wav", body, headers);
  const isFree = "SELECT count(*) AS n FROM idempotency_keys WHERE status IS NOT NULL OR run_at = 0";
  await until(
    async () => darkroom.bindings().DB.prepare(isFree).first("n"),
    (ended) => ended === 1,
  );
  const again = await darkroom.api("/v1/uploads?name=a.wav", { method: "POST", body, headers });
  expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, null]);
  const replayed = await darkroom.api("/v1/uploads?name=a.wav", { method: "POST", body, headers });
  expect(replayed.headers.get("idempotency-replayed")).toBe("true");
});

test("a client that waits gets the finished job, or 202 and when to ask again", async () => {
  const quick = await post("/v1/jobs", { kind: "classification", text: "horse" }, { prefer: "respond-async, wait=45" });
  expect([quick.status, quick.headers.get("preference-applied")]).toEqual([201, "wait=45"]);
  expect(await quick.json<JobView>()).toMatchObject({ state: "completed", labels: expect.any(Array) as unknown });
  const slow = await post(
    "/v1/jobs",
    { kind: "classification", text: "sleep:8000 slow" },
    { prefer: "wait=1", "idempotency-key": "slow" },
  );
  expect(slow.status).toBe(202);
  const { id } = await slow.json<JobView>();
  expect(slow.headers.get("location")).toMatch(new RegExp(`/v1/jobs/${id}$`));
  expect(Number(slow.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  // The same request with the same key waits for the same job.
  const patient = await post(
    "/v1/jobs",
    { kind: "classification", text: "sleep:8000 slow" },
    { prefer: "wait=60", "idempotency-key": "slow" },
  );
  expect([patient.status, patient.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
  expect(await patient.json<JobView>()).toMatchObject({ id, state: "completed" });
  const upload = await darkroom.api("/v1/uploads?name=a.wav", {
    method: "POST",
    body: speech("zero one"),
    headers: { prefer: "wait=60" },
  });
  expect(await upload.json<JobView>()).toMatchObject({ state: "completed" });
  expect((await post("/v1/jobs", { kind: "classification", text: "x" }, { prefer: "wait=soon" })).status).toBe(201);
});

test("each job of a batch is accepted or refused on its own, in its place", async () => {
  await darkroom.bindings().MEDIA.put("inbox/a.wav", speech("in the bucket"));
  const jobs = [
    { kind: "classification", text: "one" },
    { kind: "classification" },
    { kind: "transcription", source: "inbox/a.wav" },
    { kind: "transcription", source: "inbox/a.wav" },
    { kind: "transcription", source: "inbox/none.wav" },
    { kind: "classification", text: "one" },
    7,
  ];
  const answer = await post("/v1/jobs/batch", { jobs });
  expect(answer.status).toBe(200);
  type Result = { index: number; status: number; job?: JobView; problem?: Problem };
  const { results } = await answer.json<{ results: Result[] }>();
  expect(results.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(results.map(({ status }) => status).toSpliced(2, 2)).toEqual([201, 422, 404, 201, 422]);
  expect(results[2]!.job!.id).toBe(results[3]!.job!.id);
  expect(results[4]!.problem!.code).toBe("source_not_found");
  const taken = results.flatMap(({ job }) => job?.id ?? []);
  for (const id of taken) expect((await darkroom.untilJob(id)).state).toBe("completed");
  expect((await post("/v1/jobs/batch", { jobs: [] })).status).toBe(422);

  const many = Array.from({ length: 101 }, (_, index) => ({ kind: "classification", text: `n ${index}` }));
  expect((await post("/v1/jobs/batch", { jobs: many })).status).toBe(422);
  const hundred = await post("/v1/jobs/batch", { jobs: many.slice(0, 100) }, { "idempotency-key": "hundred" });
  expect((await hundred.json<{ results: Result[] }>()).results.every(({ status }) => status === 201)).toBe(true);
});

test("jobs are found by their tags and metadata, which survive an event and go with the job", async () => {
  const about = { tags: ["café", "b"], metadata: { order: "A-1", "x.y": "=&" } };
  const first = await darkroom.submit({ kind: "classification", text: "one", ...about });
  expect(first).toMatchObject(about);
  const second = await darkroom.submit({
    kind: "classification",
    text: "two",
    tags: ["b"],
    metadata: { order: "A-2" },
  });
  await darkroom.submit({ kind: "classification", text: "three" });
  expect(await count("job_marks")).toBe(6);
  const query = `?name=a.wav&tag=b&tag=up&metadata=${encodeURIComponent('{"order":"A-1"}')}`;
  const upload = await darkroom.api(`/v1/uploads${query}`, { method: "POST", body: speech("three four") });
  const { id: uploaded } = await upload.json<JobView>();
  await darkroom.putAndAnnounce("inbox/e.wav", speech("nine"), { tags: '["event"]', metadata: '{"from":"r2"}' });

  const find = async (search: string) => {
    const response = await darkroom.api(`/v1/jobs?${search}`);
    return (await response.json<{ jobs: JobView[] }>()).jobs.map(({ id }) => id);
  };
  expect(await find("tag=b")).toEqual([uploaded, second.id, first.id]);
  expect(await find("tag=b&tag=caf%C3%A9")).toEqual([first.id]);
  expect(await find("metadata.order=A-1&kind=classification")).toEqual([first.id]);
  expect(await find("metadata.x.y=%3D%26&metadata.order=A-1&tag=b")).toEqual([first.id]);
  expect(await find("tag=b&metadata.order=A-3")).toEqual([]);
  for (let attempt = 0; (await find("tag=event&metadata.from=r2")).length === 0; attempt += 1) {
    if (attempt > 600) throw new Error("the event's job was never found by its tag");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const page = await darkroom.api("/v1/jobs?tag=b&limit=2");
  const [, next] = /^<([^>]+)>; rel="next"$/.exec(page.headers.get("link") ?? "") ?? [];
  const rest = await darkroom.api(new URL(next!).pathname + new URL(next!).search);
  expect((await rest.json<{ jobs: JobView[] }>()).jobs.map(({ id }) => id)).toEqual([first.id]);
  expect(rest.headers.has("link")).toBe(false);

  for (const wrong of [
    { tags: Array(17).fill("a") },
    { metadata: { "a b": "c" } },
    { tags: [""] },
    { metadata: { a: 1 } },
  ]) {
    expect((await post("/v1/jobs", { kind: "classification", text: "x", ...wrong })).status).toBe(422);
  }
  expect((await darkroom.api("/v1/jobs?metadata.=x")).status).toBe(422);
  expect((await darkroom.api(`/v1/uploads?name=a.wav&metadata=7`, { method: "POST", body: "x" })).status).toBe(422);

  for (const id of [first.id, second.id, uploaded]) await darkroom.untilJob(id);
  await darkroom.untilJob((await find("tag=event"))[0]!);
  await darkroom.bindings().DB.prepare("UPDATE jobs SET finalized_at = 1 WHERE finalized_at IS NOT NULL").run();
  await darkroom.maintain();
  expect(await count("job_marks")).toBe(0);
});

test("a job that has not changed is not sent again", async () => {
  const job = await darkroom.submit({ kind: "classification", text: "sleep:1500 tag" });
  const path = `/v1/jobs/${job.id}`;
  await darkroom.untilJob(job.id, ({ state }) => state === "running");
  const running = (await darkroom.api(path)).headers.get("etag")!;
  expect(running).toMatch(/^W\/"/);
  await darkroom.untilJob(job.id);
  const ended = await darkroom.api(path, { headers: { "if-none-match": running } });
  expect(ended.status).toBe(200);
  const etag = ended.headers.get("etag")!;
  const same = await darkroom.api(path, { headers: { "if-none-match": `"x", ${etag}` } });
  expect([same.status, same.headers.get("etag"), await same.text()]).toEqual([304, etag, ""]);
});

test("a waiting job has its place, and an estimate of its end from measured jobs", async () => {
  const pause = async (act: string) => post("/v1/queues/classification/" + act, {});
  await pause("pause");
  const ids: string[] = [];
  for (const text of ["a", "b", "c"]) ids.push((await darkroom.submit({ kind: "classification", text })).id);
  const urgent = await darkroom.submit({ kind: "classification", text: "d", priority: "high" });
  const positionOf = async (id: string) => (await darkroom.readJob(id)).queue?.position;
  expect(await Promise.all([...ids, urgent.id].map(positionOf))).toEqual([1, 2, 3, 0]);
  expect((await darkroom.readJob(ids[2]!)).queue).toMatchObject({ eta: null, measured: null, isAtLeast: false });

  // Two overlapping runs of 10 s within 15 s of work, followed by an idle hour.
  const { DB } = darkroom.bindings();
  const hourAgo = Date.now() - 3_600_000;
  for (const [index, startedAt] of [hourAgo, hourAgo + 5000].entries()) {
    await DB.prepare(
      `INSERT INTO jobs (id, owner_id, kind, state, input, created_at, started_at, finalized_at)
       VALUES (?1, 'other', 'classification', 'completed', '{}', ?2, ?2, ?2 + 10000)`,
    )
      .bind(`job_measured${index}`, startedAt)
      .run();
  }
  const paused = await darkroom.readJob(ids[2]!);
  expect(paused.queue).toMatchObject({ eta: null, measured: { jobs: 2, medianRunMs: 10_000, msBetweenEnds: 7500 } });
  await DB.prepare("DELETE FROM pauses").run();
  const before = Date.now();
  const { queue } = await darkroom.readJob(ids[2]!);
  const after = Date.now();
  for (const [time, aheadMs] of [
    [queue!.startsAt, 22_500],
    [queue!.eta, 32_500],
  ] as const) {
    expect(Date.parse(time!) - aheadMs).toBeGreaterThanOrEqual(before);
    expect(Date.parse(time!) - aheadMs).toBeLessThanOrEqual(after);
  }
});
