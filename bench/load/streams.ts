import { EventSourceParserStream } from "eventsource-parser/stream";

import type { Bench } from "../harness.ts";

/** A stream that has not reported its job's end this long after all jobs have ended, and after it was opened, counts as missed. */
const PATIENCE_MS = 30_000;
/** The events that each stream must report, once and in this order, with progress in between. */
const TOLD = "queued running completed done";
const RECONNECT_MS = 250;

export interface Followed {
  readonly events: number;
  readonly reconnects: number;
  /** Jobs whose stream did not report every state once and in order, or not the end, with what it reported. */
  readonly missed: string[];
  readonly errors: string[];
}

/** Whether this version has event streams at all. */
export async function hasStreams({ ours }: Bench, id: string, headers: Record<string, string>): Promise<boolean> {
  const stopping = new AbortController();
  const response = await ours.fetch(`http://localhost/v1/jobs/${id}/events`, { headers, signal: stopping.signal });
  const isStream = response.ok && (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
  if (isStream) await response.body?.cancel().catch(() => undefined);
  stopping.abort();
  return isStream;
}

/**
 * Open this many streams at once. Each follows one job to its end, and then the next of its share. A stream that breaks off is
 * resumed with `Last-Event-ID`, as browsers do. `whenDone` resolves when every job has ended.
 */
export async function followJobs(
  { ours }: Bench,
  {
    ids,
    keys,
    streams,
    whenDone,
  }: {
    ids: readonly string[];
    keys: readonly { readonly authorization: string }[];
    streams: number;
    whenDone: Promise<unknown>;
  },
): Promise<Followed> {
  const followed = { events: 0, reconnects: 0, missed: [] as string[], errors: [] as string[] };

  /** Follow a job. Returns what the stream reported: its states and the end. */
  async function follow(id: string, stream: number, signal: AbortSignal): Promise<readonly string[]> {
    const told: string[] = [];
    let last: string | undefined;
    while (!signal.aborted) {
      const from = last === undefined ? {} : { "last-event-id": last };
      const response = await ours.fetch(`http://localhost/v1/jobs/${id}/events`, {
        headers: { ...keys[stream % keys.length], ...from, accept: "text/event-stream" },
        signal,
      });
      if (!response.ok || response.body === null) {
        followed.errors.push(`${response.status}: ${(await response.text()).slice(0, 200)}`);
        return told;
      }
      const text = (response.body as unknown as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream());
      for await (const event of text.pipeThrough(new EventSourceParserStream()) as AsyncIterable<Message>) {
        followed.events += 1;
        last = event.id ?? last;
        if (event.event === "state") told.push((JSON.parse(event.data) as { state: string }).state);
        if (event.event !== "done") continue;
        told.push("done");
        return told;
      }
      followed.reconnects += 1;
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
    return told;
  }

  async function run(stream: number): Promise<void> {
    for (let index = stream; index < ids.length; index += streams) {
      const id = ids[index] ?? "";
      const patience = new AbortController();
      void whenDone.then(() => setTimeout(() => patience.abort(), PATIENCE_MS).unref());
      const told = await follow(id, stream, patience.signal).catch((error: unknown) => {
        if (!patience.signal.aborted) followed.errors.push(String(error));
        return [];
      });
      if (told.join(" ") !== TOLD) followed.missed.push(`${id}: ${told.join(" ")}`);
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
