// The typed client against the real product, and against servers that misbehave on demand.
import { expect, test } from "vitest";

import { createClient, DarkroomError, type Job, type JobEvent, type Progress } from "../client/index.ts";
import { readEvents } from "../client/sse.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();

type Fetch = (url: string, init: RequestInit) => Promise<Response>;
const connect = (fetch?: Fetch, key = KEYS.operator) =>
  createClient({ baseUrl: `${darkroom.origin()}/`, key, ...(fetch && { fetch }) });
/** Make a client of a server that answers by a script. */
const scripted = (fetch: Fetch) => createClient({ baseUrl: "http://scripted", key: "k", fetch });

async function problemOf(call: Promise<unknown>): Promise<DarkroomError> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DarkroomError);
  return error as DarkroomError;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function fail(prompt: string): Promise<{ job: Job; letterId: string }> {
  const client = connect();
  const { id } = await client.jobs.submit({ kind: "image_generation", prompt });
  const job = await client.jobs.wait(id, { timeoutMs: 60_000 });
  expect(job.state).toBe("failed");
  return { job, letterId: `dl_${id}.generate_image.1` };
}

test("a described job is submitted, waited for, read, listed page by page and its result downloaded", async () => {
  const client = connect();
  expect(await client.health()).toEqual({ status: "ok" });
  const submitted = await client.jobs.submit({ kind: "image_generation", prompt: "a harbour", options: { steps: 2 } });
  const states: string[] = [];
  const job = await client.jobs.wait(submitted.id, { onChange: ({ state }) => states.push(state), timeoutMs: 60_000 });
  expect(job).toMatchObject({ id: submitted.id, state: "completed", input: { prompt: "a harbour" } });
  expect(states.at(-1)).toBe("completed");
  expect(await client.jobs.get(job.id)).toMatchObject({ state: "completed" });

  const [{ name, sizeBytes } = { name: "", sizeBytes: 0 }] = job.artifacts;
  const download = await client.jobs.download(job.id, name);
  expect(download.sizeBytes).toBe(sizeBytes);
  expect((await new Response(download.stream).bytes()).length).toBe(sizeBytes);
  const part = await client.jobs.download(job.id, name, { range: "bytes=0-1" });
  expect([...(await new Response(part.stream).bytes())]).toEqual([0xff, 0xd8]);

  for (const text of ["fine 1", "fine 2"]) await client.jobs.submit({ kind: "classification", text });
  expect(await collect(client.jobs.list({ limit: 1 }))).toHaveLength(3);
  const first = await client.jobs.list({ limit: 2 }).page();
  expect(first.items).toHaveLength(2);
  const rest = client.jobs.list({ limit: 2, cursor: first.nextCursor ?? "" });
  expect((await collect(rest)).map(({ id }) => id)).toEqual([job.id]);
  expect(await collect(client.jobs.list({ kind: "transcription" }))).toEqual([]);
});

test("work is priced before it runs, and has a receipt after", async () => {
  const client = connect();
  const request = { kind: "image_generation", prompt: "a priced harbour" } as const;
  const { estimate, free } = await client.jobs.estimate(request);
  expect(estimate).toMatchObject({ calls: 1, isRough: false, neurons: expect.closeTo(172.8, 9) as number });
  expect(free.left).toBe(10_000);
  const [first, second] = await client.jobs.estimateBatch([request, { kind: "classification", text: "" }]);
  expect(first?.estimate).toEqual(estimate);
  expect(second?.problem?.code).toBe("invalid_request");
  const recording = await client.uploads.estimate(new File([speech("one two")], "a.wav"), {
    options: { tier: "balanced" },
  });
  expect(recording.estimate?.lines).toMatchObject([{ model: "@cf/openai/whisper", units: { audioSeconds: 1 } }]);
  await expect(client.uploads.estimate(new Blob(["no media"]))).rejects.toMatchObject({ code: "unsupported_media" });
  expect(await collect(client.jobs.list())).toEqual([]);

  const { id } = await client.jobs.submit(request);
  await client.jobs.wait(id, { timeoutMs: 60_000 });
  expect(await client.jobs.receipt(id)).toMatchObject({ jobId: id, total: { neurons: 1.5, modelMicroUsd: 16.5 } });
  const usage = await client.usage({ by: ["model", "owner"] });
  expect(usage.rows).toMatchObject([{ model: "@cf/black-forest-labs/flux-1-schnell", owner: "operator", calls: 1 }]);
});

test("a job is cancelled once; waiting for it ends, and another wait stops at its time limit", async () => {
  const client = connect();
  const { id } = await client.jobs.submit({ kind: "image_generation", prompt: "sleep:30000" });
  expect((await problemOf(client.jobs.wait(id, { timeoutMs: 300 }))).code).toBe("wait_timeout");
  const waiting = client.jobs.wait(id);
  expect(await client.jobs.cancel(id)).toMatchObject({ id, state: "cancelled" });
  expect((await waiting).state).toBe("cancelled");
  const { id: ended } = await client.jobs.submit({ kind: "classification", text: "fine" });
  await client.jobs.wait(ended, { timeoutMs: 60_000 });
  expect((await problemOf(client.jobs.cancel(ended))).code).toBe("job_finished");
  const stopping = new AbortController();
  const { id: other } = await client.jobs.submit({ kind: "image_generation", prompt: "sleep:20000" });
  const stopped = client.jobs.wait(other, { signal: stopping.signal });
  stopping.abort(new Error("enough"));
  await expect(stopped).rejects.toThrow("enough");
});

test("files, bytes and streams are uploaded with progress, and transcribed in every format", async () => {
  const client = connect();
  const wav = speech("one two three four five six");
  const sources = [new Blob([wav]), wav, new Blob([wav]).stream(), new File([wav], "talk.wav")];
  for (const source of sources) {
    const seen: Progress[] = [];
    const onProgress = (progress: Progress) => seen.push(progress);
    const options = { tier: "fast" } as const;
    const job = await client.uploads.put(source, { kind: "transcription", options, reuse: false, onProgress });
    expect(job).toMatchObject({ kind: "transcription", input: { options } });
    expect(seen[0]).toEqual({ sentBytes: 0, totalBytes: wav.length });
    expect(seen.at(-1)).toEqual({ sentBytes: wav.length, totalBytes: wav.length });
    expect(JSON.stringify(job.input).includes("talk.wav")).toBe(source instanceof File);
  }
  const { id } = await client.uploads.put(wav, { name: "last.wav", priority: "high" });
  expect((await client.jobs.wait(id, { timeoutMs: 60_000 })).state).toBe("completed");
  expect(await client.jobs.transcript(id)).toMatchObject({ text: "one two three four five six", isComplete: true });
  expect(await client.jobs.transcript(id, "txt")).toBe("one two three four five six\n");
  expect(await client.jobs.transcript(id, "srt", { preset: "bbc", maxLines: 1 })).toMatch(/^1\r?\n00:00:00,/);
  expect(await client.jobs.transcript(id, "vtt")).toMatch(/^WEBVTT/);
  expect((await client.uploads.list()).map(({ jobId }) => jobId)).toContain(id);
});

test("dead letters are grouped, read, redriven with other options and discarded, and the audit log lists it", async () => {
  const client = connect();
  const [first, second] = [await fail("error:3010x1 a"), await fail("error:3010 b")];
  const [group] = await collect(client.deadLetters.groups());
  expect(group).toMatchObject({ count: 2, kind: "generate_image" });
  const { fingerprint = "" } = group ?? {};
  expect(await collect(client.deadLetters.list({ fingerprint, limit: 1 }))).toHaveLength(2);
  expect(await client.deadLetters.get(first.letterId)).toMatchObject({ jobId: first.job.id, state: "open" });
  expect(await client.deadLetters.redrive(first.letterId, { options: { steps: 3 } })).toMatchObject({ redriven: true });
  expect((await client.jobs.wait(first.job.id, { timeoutMs: 60_000 })).state).toBe("completed");
  expect(await client.deadLetters.discard(second.letterId, { note: "never" })).toMatchObject({ discarded: true });
  expect((await problemOf(client.deadLetters.redrive(second.letterId))).code).toBe("not_redrivable");
  const acts = (await collect(client.audit.list({ limit: 1 }))).map(({ act }) => act);
  expect(acts).toEqual(["dead_letter.discard", "dead_letter.redrive"]);
});

test("many letters are redriven as one resource, first dry", async () => {
  const client = connect();
  const { job } = await fail("error:3010x1 many");
  const dry = await client.redrives.create({ filter: { all: true }, dryRun: true });
  expect(dry).toMatchObject({ dryRun: true, matched: 1, sample: [{ jobId: job.id }] });
  const made = await client.redrives.create({ filter: { jobId: job.id }, ratePerSecond: 100 });
  expect((await client.jobs.wait(job.id, { timeoutMs: 60_000 })).state).toBe("completed");
  expect((await collect(client.redrives.list())).map(({ id }) => id)).toEqual([made.id]);
  const ended = await until(
    async () => {
      await darkroom.maintain();
      return client.redrives.get(made.id);
    },
    ({ state }) => state === "completed",
  );
  expect(ended.progress).toMatchObject({ matched: 1, completed: 1 });
  expect((await problemOf(client.redrives.cancel(made.id))).code).toBe("redrive_finished");
});

test("the operator pauses a kind and resumes it, others may not", async () => {
  const client = connect();
  expect(await client.queues.pause("classification", { note: "quota" })).toMatchObject({ paused: { note: "quota" } });
  const { id } = await client.jobs.submit({ kind: "classification", text: "fine" });
  expect((await client.jobs.get(id)).waiting?.code).toBe("kind_paused");
  const { kinds, scope } = await client.queues.get();
  expect(scope).toBe("all");
  expect(kinds.find(({ kind }) => kind === "classification")?.paused).toMatchObject({ note: "quota" });
  const other = connect(undefined, KEYS.other);
  expect(await problemOf(other.queues.pause("classification"))).toMatchObject({ status: 403, code: "forbidden" });
  expect((await client.queues.resume("classification")).paused).toBeNull();
  expect((await client.jobs.wait(id, { timeoutMs: 60_000 })).state).toBe("completed");
});

test("every failure is a DarkroomError with the problem's fields", async () => {
  const client = connect();
  const missing = await problemOf(client.jobs.get("job_none/../x"));
  expect(missing).toMatchObject({ status: 404, code: "job_not_found", type: "urn:darkroom:problem:job_not_found" });
  expect(missing.message).toContain("job_none/../x");
  const refused = await problemOf(
    client.jobs.submit({ kind: "image_generation", prompt: "x", options: { steps: 99 } }),
  );
  expect(new Set(refused.issues.map(({ path }) => path))).toEqual(new Set(["options.steps"]));
  expect(JSON.parse(JSON.stringify(refused))).toMatchObject({ status: 422, code: "invalid_request" });
  expect((await problemOf(connect(undefined, KEYS.revoked).jobs.list().page())).code).toBe("unauthorized");
  const options = { baseUrl: "http://127.0.0.1:9", key: "k", retries: 0 };
  expect(await problemOf(createClient(options).health())).toMatchObject({ status: 0, code: "network_error" });
  const page = scripted(async () => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  expect(await problemOf(page.health())).toMatchObject({ status: 502, code: "not_a_problem" });
});

test("half a surrogate pair is refused as the API refuses it, in a body, a parameter and an id", async () => {
  const client = connect();
  const half = "a \ud83d";
  // Await one after the other: a promise that fails before it is awaited is an unhandled rejection.
  const calls: readonly (() => Promise<unknown>)[] = [
    async () => client.jobs.submit({ kind: "classification", text: half }),
    async () => client.uploads.put(new Blob(["a text"]), { name: `${half}.txt` }),
    async () => client.uploads.put(new Blob(["a text"]), { name: "a.txt", tags: [half] }),
    async () => client.uploads.estimate(new Blob(["a text"]), { name: `${half}.txt` }),
    async () => client.uploads.create({ name: `${half}.txt`, sizeBytes: 1 }),
    async () => client.search(half),
    async () => client.jobs.get(half),
    async () => client.jobs.list({ tag: [half] }).page(),
  ];
  for (const call of calls) {
    const problem = await problemOf(call());
    expect(problem).toMatchObject({ status: 422, code: "invalid_request", title: "The request is not valid" });
    expect(problem.issues[0]?.message).toMatch(/half of a surrogate pair/);
  }
  expect((await client.jobs.list().page()).items).toEqual([]);
});

test("a call is tried again only where it cannot happen twice", async () => {
  let calls = 0;
  const flaky = scripted(async () => {
    calls += 1;
    if (calls === 1) throw new TypeError("fetch failed");
    if (calls === 2) return new Response("later", { status: 429, headers: { "retry-after": "0" } });
    return Response.json({ id: "job_1" });
  });
  const keys = new Set<string | null>();
  const recording = scripted((url, init) => {
    keys.add(new Headers(init.headers).get("idempotency-key"));
    return flaky.jobs.get("x").then(() => fetchedOnce(url));
  });
  expect(await flaky.jobs.submit({ kind: "classification", text: "x" })).toEqual({ id: "job_1" });
  expect(calls).toBe(3);
  await recording.jobs.submit({ kind: "classification", text: "x" }, { idempotencyKey: "mine" });
  expect([...keys]).toEqual(["mine"]);

  let paid = 0;
  const paying = scripted(async () => {
    paid += 1;
    return new Response("paid for", { status: 429, headers: { "retry-after": "0", "x-should-retry": "false" } });
  });
  expect(await problemOf(paying.jobs.get("x"))).toMatchObject({ status: 429 });
  expect(paid).toBe(1);

  let redrives = 0;
  const broken = scripted(async () => {
    redrives += 1;
    throw new TypeError("fetch failed");
  });
  expect((await problemOf(broken.deadLetters.redrive("dl_1"))).code).toBe("network_error");
  expect(redrives).toBe(1);
});

async function fetchedOnce(url: string): Promise<Response> {
  return Response.json({ url });
}

test("an event stream is parsed as the standard says, however it is cut", async () => {
  const text =
    '\uFEFF: hello\r\n\r\nid: 1\r\nevent: state\r\ndata: {"a":\rdata:  1}\n\ndata\n\nretry: 20\n\nid: 2\ndata: ü€\n\ndata: cut';
  const bytes = new TextEncoder().encode(text);
  const expected = [
    { id: "1", event: "state", data: '{"a":\n 1}', retryMs: null },
    { id: "1", event: "message", data: "", retryMs: null },
    { id: "1", event: "message", data: "", retryMs: 20 },
    { id: "2", event: "message", data: "ü€", retryMs: null },
  ];
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    });
    expect(await collect(readEvents(stream)), `chunks of ${size}`).toEqual(expected);
  }
});

test("events continue after a broken connection from the last one, and end with done", async () => {
  const asked: (string | null)[] = [];
  const answers = [
    'retry: 1\nid: 1\nevent: state\ndata: {"state":"running"}\n\nid: 2\nevent: progress\ndata: {"n":1}\n\nid: 3\neve',
    ": nothing new\n\n",
    'id: 3\nevent: done\ndata: {"state":"completed"}\n\nid: 4\nevent: state\ndata: {}\n\n',
  ];
  const client = scripted(async (_, init) => {
    asked.push(new Headers(init.headers).get("last-event-id"));
    return new Response(answers.shift() ?? "", { headers: { "content-type": "text/event-stream" } });
  });
  const events: JobEvent[] = await collect(client.jobs.events("job_1"));
  expect(events.map(({ id, type }) => `${id} ${type}`)).toEqual(["1 state", "2 progress", "3 done"]);
  expect(events[2]?.data).toEqual({ state: "completed" });
  expect(asked).toEqual([null, "2", "2"]);
});

test("a large upload goes to the bucket in parts, a part that fails is sent again, and a refused one ends it", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(25));
  const bucket = new Map<string, Uint8Array>();
  const calls: string[] = [];
  const withKey: boolean[] = [];
  let announced: unknown;
  let completed: unknown;
  const parts = [10, 10, 5].map((sizeBytes, index) => ({
    number: index + 1,
    url: `http://s3/${index + 1}`,
    sizeBytes,
  }));
  const ticket = { id: "up_1", key: "inbox/x", expiresAt: "", method: "multipart", url: null, headers: {}, parts };
  const serve =
    (refuses: (path: string) => boolean): Fetch =>
    async (url, init) => {
      const { host, pathname, search } = new URL(url);
      if (host === "s3") {
        calls.push(pathname);
        withKey.push(new Headers(init.headers).has("authorization"));
        if (refuses(`${pathname}${search}`)) return new Response("expired", { status: 403 });
        if (pathname === "/2" && !bucket.has("tried")) {
          bucket.set("tried", bytes);
          return new Response("slow down", { status: 503 });
        }
        bucket.set(pathname, await new Response(init.body).bytes());
        return new Response(null, { headers: { etag: `"e${pathname.slice(1)}"` } });
      }
      const body = JSON.parse(await new Response(init.body ?? "{}").text()) as Record<string, unknown>;
      calls.push(`${init.method} ${pathname}`);
      if (init.method === "DELETE") return new Response(null, { status: 204 });
      if (pathname.endsWith("/parts")) {
        const [number = 0] = body["numbers"] as number[];
        return Response.json({
          upload: { ...ticket, parts: [{ number, url: `http://s3/${number}?again`, sizeBytes: 5 }] },
        });
      }
      if (!pathname.endsWith("/complete")) {
        announced = body;
        return Response.json({ upload: ticket }, { status: 201 });
      }
      completed = body;
      return Response.json({ id: "job_1" }, { status: 201 });
    };
  const file = new File([bytes], "long.wav", { type: "audio/wav" });
  const seen: number[] = [];
  const put = (refuses: (path: string) => boolean) =>
    scripted(serve(refuses)).uploads.put(file, {
      kind: "transcription",
      directMaxBytes: 24,
      onProgress: ({ sentBytes }) => seen.push(sentBytes),
    });
  // The URL of the first part has expired, so it is signed again.
  expect(await put((path) => path === "/1")).toEqual({ id: "job_1" });
  const etags = [1, 2, 3].map((number) => ({ number, etag: `"e${number}"` }));
  expect(completed).toEqual({ parts: etags });
  expect(announced).toEqual({ name: "long.wav", kind: "transcription", sizeBytes: 25, contentType: "audio/wav" });
  expect(withKey).not.toContain(true);
  expect(["/1", "/2", "/3"].flatMap((part) => [...(bucket.get(part) ?? [])])).toEqual([...bytes]);
  expect(calls.filter((path) => path === "/2")).toHaveLength(2);
  expect(seen[0]).toBe(0);
  expect(seen.at(-1)).toBe(25);

  completed = null;
  expect(await problemOf(put((path) => path.startsWith("/3")))).toMatchObject({ code: "part_refused", status: 403 });
  expect(completed).toBeNull();
  expect(calls).toContain("POST /v1/uploads/up_1/parts");
  expect(calls.at(-1)).toBe("DELETE /v1/uploads/up_1");
});

test("a question is answered piece by piece; leaving the loop stops the model, and an error on the way is thrown", async () => {
  const client = connect();
  const { id } = await client.uploads.put(speech("seven boats"), { name: "a.wav", then: ["summarise"] });
  expect((await client.jobs.wait(id, { timeoutMs: 60_000 })).artifacts.map(({ name }) => name)).toContain(
    "summary.txt",
  );
  const starts: unknown[] = [];
  const usages: unknown[] = [];
  const asked = client.ask(id, "How many boats?", {
    tier: "balanced",
    onStart: (start) => starts.push(start),
    onUsage: (usage) => usages.push(usage),
  });
  expect(await collect(asked)).toEqual(["token0 ", "token1 ", "token2 "]);
  expect(starts).toMatchObject([{ jobId: id, model: "@cf/meta/llama-3.2-3b-instruct", covers: { isWhole: true } }]);
  expect(usages).toMatchObject([{ outputTokens: 3, neurons: 2.5, isEstimated: false }]);
  expect(await client.askWhole(id, "How many boats?")).toMatchObject({
    answer: "From [00:00] to boats.",
    neurons: 1.5,
  });

  for await (const text of client.ask(id, "tokens:100x100 left by the client")) if (text === "token1 ") break;
  await until(
    () => darkroom.modelCalls(),
    ({ stopped }) => Object.keys(stopped).some((script) => script.includes("left by the client")),
  );
  expect(await problemOf(collect(client.ask(id, "break:1 tokens:3x20")))).toMatchObject({ code: "model_unavailable" });
  expect(await problemOf(collect(client.ask(id, "")))).toMatchObject({ code: "invalid_request", status: 422 });
  const cut = scripted(async () => new Response('data: {"text":"half"}\n\n'));
  expect(await problemOf(collect(cut.ask(id, "What?")))).toMatchObject({ code: "answer_cut" });
});
