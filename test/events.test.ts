import { createParser, type EventSourceMessage } from "eventsource-parser";
import { expect, test } from "vitest";

import { decodeEventId } from "../producer/jobs/event-cursor.ts";
import { followJob } from "../producer/jobs/follow-job.ts";
import type { Segment, Transcript } from "../shared/transcripts/transcript.ts";
import { counted } from "./counting.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";
import type { JobView } from "./views.ts";

const darkroom = startDarkroom();

interface Told {
  readonly event: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}
interface Stream {
  readonly status: number;
  readonly events: Told[];
  readonly comments: string[];
}

/** Read a stream to its end, or until it has sent enough events. */
async function follow(id: string, lastEventId?: string, isEnough?: (stream: Stream) => boolean): Promise<Stream> {
  const leaving = new AbortController();
  const headers: Record<string, string> = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  const response = await darkroom.api(`/v1/jobs/${id}/events`, { headers, signal: leaving.signal });
  const stream: Stream = { status: response.status, events: [], comments: [] };
  if (response.status !== 200) return stream;
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const parser = createParser({
    onEvent: ({ event = "", id: eventId = "", data }: EventSourceMessage) =>
      void stream.events.push({ event, id: eventId, data: JSON.parse(data) as Told["data"] }),
    onComment: (comment) => void stream.comments.push(comment.trim()),
  });
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = (await reader.read()) as { done: boolean; value?: Uint8Array };
    if (done) break;
    parser.feed(decoder.decode(value, { stream: true }));
    if (isEnough?.(stream) === true) {
      leaving.abort();
      break;
    }
  }
  return stream;
}

const ofKind = (events: readonly Told[], kind: string) =>
  events.filter(({ event }) => event === kind).map(({ data }) => data);
const statesIn = (events: readonly Told[]) => ofKind(events, "state").map(({ state }) => state);
/** Return the events that must be sent once and in order. Progress is a gauge, and only its latest value matters. */
const story = (events: readonly Told[]) =>
  events.filter(({ event }) => event !== "progress").map(({ event, data }) => [event, JSON.stringify(data)].join(" "));

async function transcribe(count: number, special: Record<number, string>, prefix: string): Promise<string> {
  const said = Array.from({ length: count }, (_, index) => special[index] ?? `${prefix}${index}`);
  return (await darkroom.upload({ name: "long.wav", reuse: "false" }, speech(said.join(" ")))).id;
}

async function segmentsOf(id: string): Promise<Record<string, unknown>[]> {
  const { segments } = await (await darkroom.api(`/v1/jobs/${id}/transcript`)).json<Transcript>();
  return segments.map((segment: Segment, index) => ({ index, ...segment }));
}

test("a long recording is reported while it is transcribed: states, progress, each segment once, and the end", async () => {
  const slow = { 150: "sleep:2500", 300: "sleep:5000", 450: "sleep:9000" };
  const id = await transcribe(600, slow, "a");
  const other = follow(id);
  const { events } = await follow(id);
  expect(statesIn(events)).toEqual(["queued", "running", "completed"]);
  const segments = await segmentsOf(id);
  expect(segments.length).toBeGreaterThan(5);
  expect(ofKind(events, "segment")).toEqual(segments);
  const firstSegment = events.findIndex(({ event }) => event === "segment");
  const progress = ofKind(events, "progress");
  expect(progress.at(-1)).toMatchObject({ audioMsDone: 300_000, audioMsTotal: 300_000 });
  expect(progress.length).toBeGreaterThan(2);
  const done = progress.map(({ tasksCompleted }) => Number(tasksCompleted));
  expect(done).toEqual(done.toSorted((a, b) => a - b));
  // The events were sent during the transcription, and not at the end.
  expect(firstSegment).toBeLessThan(events.findLastIndex(({ event }) => event === "progress"));
  expect(events.at(-1)).toMatchObject({ event: "done", data: { id, state: "completed" } });
  expect((events.at(-1)!.data as unknown as JobView).artifacts).toEqual((await darkroom.readJob(id)).artifacts);
  expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
  expect(story((await other).events)).toEqual(story(events));

  // From any place that a client has reached, it gets exactly the rest. After the end it gets nothing.
  const whole = story(events);
  for (const [index, event] of events.entries()) {
    const rest = await follow(id, event.id);
    const toldBefore = story(events.slice(0, index + 1)).length;
    expect([index, story(rest.events)]).toEqual([index, whole.slice(toldBefore)]);
    expect(rest.status).toBe(index === events.length - 1 ? 204 : 200);
  }
});

test("a client that disconnects again and again while the job runs misses nothing and gets nothing twice", async () => {
  const id = await transcribe(480, { 120: "sleep:2000", 240: "sleep:4000", 360: "sleep:6000" }, "b");
  const told: Told[] = [];
  let streams = 0;
  for (;;) {
    const { status, events } = await follow(id, told.at(-1)?.id, (stream) => stream.events.length >= 2);
    if (status === 204) break;
    told.push(...events.slice(0, 2)); // what came in the same packet was not seen
    streams += 1;
  }
  expect(streams).toBeGreaterThan(4);
  expect(statesIn(told)).toEqual(["queued", "running", "completed"]);
  expect(ofKind(told, "segment")).toEqual(await segmentsOf(id));
  expect(ofKind(told, "done")).toHaveLength(1);
});

test("nothing after a gap is final: a client that knew the end gets the rest when the chunk has been redriven", async () => {
  const id = await transcribe(480, { 360: "error:3010x1" }, "c");
  const { events } = await follow(id);
  expect(statesIn(events)).toEqual(["queued", "running", "failed"]);
  expect(events.at(-1)).toMatchObject({ event: "done", data: { error: { code: "unsupported_audio" } } });
  const before = ofKind(events, "segment");
  expect(before.length).toBeGreaterThan(0);
  expect(JSON.stringify(before)).not.toContain("c361");
  expect((await follow(id, events.at(-1)!.id)).status).toBe(204);

  const letters = await (await darkroom.api("/v1/dead-letters?view=list")).json<{ deadLetters: { id: string }[] }>();
  await darkroom.api(`/v1/dead-letters/${letters.deadLetters[0]!.id}/redrive`, { method: "POST" });
  const rest = await follow(id, events.at(-1)!.id);
  expect(statesIn(rest.events)).toEqual(["queued", "running", "completed"]);
  expect([...before, ...ofKind(rest.events, "segment")]).toEqual(await segmentsOf(id));
});

test("jobs without chunks are reported too, also if they were cancelled or had ended before the client came", async () => {
  const short = await transcribe(20, {}, "d");
  await darkroom.untilJob(short);
  const { events } = await follow(short);
  expect(events.map(({ event }) => event)).toEqual(["state", "state", "segment", "progress", "state", "done"]);
  expect(ofKind(events, "segment")).toEqual(await segmentsOf(short));
  await darkroom.post("/v1/queues/image_generation/pause", {});
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "never drawn" });
  const following = follow(id);
  await darkroom.api(`/v1/jobs/${id}/cancel`, { method: "POST" });
  expect(statesIn((await following).events)).toEqual(["queued", "cancelled"]);

  // An invalid id, or another job's, means the beginning.
  for (const unknown of ["7", "", "x".repeat(500), events.at(-1)!.id, `${events[2]!.id}.1`]) {
    expect(statesIn((await follow(id, unknown)).events)).toEqual(["queued", "cancelled"]);
  }
});

test("a client cannot follow a job of another owner, or one that does not exist", async () => {
  const { id } = await darkroom.submit({ kind: "classification", text: "mine" });
  for (const path of [`/v1/jobs/${id}/events`, "/v1/jobs/job_none/events"]) {
    const response = await darkroom.api(path, { key: KEYS.other });
    expect(await response.json()).toMatchObject({ status: 404, code: "job_not_found" });
  }
  expect((await darkroom.api(`/v1/jobs/${id}/events`, { key: null })).status).toBe(401);
});

test("a connection on which nothing happens carries heartbeats", async () => {
  await darkroom.post("/v1/queues/classification/pause", {});
  const { id } = await darkroom.submit({ kind: "classification", text: "waits" });
  const startedAt = Date.now();
  const { events, comments } = await follow(id, undefined, (stream) => stream.comments.length >= 2);
  expect(comments).toEqual(["heartbeat", "heartbeat"]);
  expect(Date.now() - startedAt).toBeLessThan(60_000);
  expect(statesIn(events)).toEqual(["queued"]);
});

/** Follow for a minute, with a clock that moves only during waits. */
async function minuteOf(id: string) {
  const { counts, db } = counted(darkroom.bindings().DB);
  let elapsedMs = 0;
  const wait = async (ms: number) => void (elapsedMs += ms);
  const { MEDIA: media } = darkroom.bindings();
  const following = followJob({ id, ownerId: "operator" }, decodeEventId(id, undefined), {
    db,
    media,
    origin: "",
    wait,
  });
  for await (const event of following) if (event === null && elapsedMs >= 60_000) break;
  return counts;
}

test("an idle client costs D1 less than fifty rows a minute, and one of 200 running chunks a few thousand", async () => {
  const { DB } = darkroom.bindings();
  for (const kind of ["classification", "transcription"]) await darkroom.post(`/v1/queues/${kind}/pause`, {});
  const { id } = await darkroom.submit({ kind: "classification", text: "waits" });
  const idle = await minuteOf(id);
  expect(idle.queries).toBeLessThan(20);
  expect(idle.rowsRead).toBeLessThan(50);

  const long = await transcribe(20, {}, "e");
  await until(
    () => darkroom.readJob(long),
    ({ state }) => state === "queued",
  );
  await DB.batch([
    DB.prepare("UPDATE jobs SET state = 'running', started_at = 1 WHERE id = ?1").bind(long),
    DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
       INSERT INTO tasks (id, job_id, kind, stage, state, args, max_attempts, scheduled_at, check_at, created_at, owner_id)
       SELECT ?1 || '.' || i, ?1, 'transcribe_chunk', 1, 'pending', '{}', 5, 9e15, 9e15, 0, 'operator' FROM n`,
    ).bind(long),
  ]);
  const running = await minuteOf(long);
  // There are forty reads for new words, and twelve counts of its tasks.
  expect(running.queries).toBeLessThan(60);
  expect(running.rowsRead).toBeLessThan(6000);
});
