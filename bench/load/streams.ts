import { EventSourceParserStream } from "eventsource-parser/stream";

import type { Bench } from "../harness.ts";

/** A stream that has not told of its job's end so long after all jobs have ended will not. */
const PATIENCE_MS = 30_000;
const RECONNECT_MS = 250;

export interface Followed {
  readonly events: number;
  readonly reconnects: number;
  /** Jobs that ended and whose stream did not say so. */
  readonly missed: string[];
  readonly errors: string[];
}

/** Whether this product has event streams at all. */
export async function hasStreams({ ours }: Bench, id: string, headers: Record<string, string>): Promise<boolean> {
  const stopping = new AbortController();
  const response = await ours.fetch(`http://darkroom/v1/jobs/${id}/events`, { headers, signal: stopping.signal });
  const isStream = response.ok && (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
  if (isStream) await response.body?.cancel().catch(() => undefined);
  stopping.abort();
  return isStream;
}

/**
 * So many streams at once: each follows one job to its end, and then the next of its share, until all jobs are through.
 * One that breaks off is taken up with `Last-Event-ID`, as browsers do. `whenDone` resolves when every job has ended.
 */
export async function followJobs(
  { ours }: Bench,
  {
    ids,
    headers,
    streams,
    whenDone,
  }: { ids: readonly string[]; headers: Record<string, string>; streams: number; whenDone: Promise<unknown> },
): Promise<Followed> {
  const followed = { events: 0, reconnects: 0, missed: [] as string[], errors: [] as string[] };
  const patience = new AbortController();
  void whenDone.then(() => setTimeout(() => patience.abort(), PATIENCE_MS).unref());

  /** @returns whether the end was told. */
  async function follow(id: string): Promise<boolean> {
    let last: string | undefined;
    while (!patience.signal.aborted) {
      const from = last === undefined ? {} : { "last-event-id": last };
      const response = await ours.fetch(`http://darkroom/v1/jobs/${id}/events`, {
        headers: { ...headers, ...from, accept: "text/event-stream" },
        signal: patience.signal,
      });
      if (!response.ok || response.body === null) {
        followed.errors.push(`${response.status}: ${(await response.text()).slice(0, 200)}`);
        return false;
      }
      const text = (response.body as unknown as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream());
      for await (const event of text.pipeThrough(new EventSourceParserStream()) as AsyncIterable<Message>) {
        followed.events += 1;
        last = event.id ?? last;
        if (tellsEnd(event)) return true;
      }
      followed.reconnects += 1;
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
    return false;
  }

  async function run(stream: number): Promise<void> {
    for (let index = stream; index < ids.length; index += streams) {
      const id = ids[index] ?? "";
      const isTold = await follow(id).catch((error: unknown) => {
        if (!patience.signal.aborted) followed.errors.push(String(error));
        return false;
      });
      if (!isTold) followed.missed.push(id);
    }
  }
  await Promise.all(Array.from({ length: streams }, (_, stream) => run(stream)));
  return followed;
}

interface Message {
  readonly id?: string;
  readonly event?: string;
  readonly data: string;
}

/** `event: job.completed`, or a state in the data: both are ends. */
function tellsEnd({ event = "", data }: Message): boolean {
  if (/(^|\.)(completed|failed|cancelled)$/.test(event) && !event.startsWith("task.")) return true;
  return /"state":\s*"(completed|failed|cancelled)"/.test(data);
}
