// `npm run bench:first-result`: the time from a finished upload to its first result, for a 5-second clip and a model that answers at once.
import { startTimed } from "../harness.ts";
import { insertBenchKey } from "../key.ts";
import { note, percentile, print, round } from "../report.ts";
import type { Delivery } from "../workers/timed-darkroom.ts";
import { clip } from "./clip.ts";

const CLIPS = 200;
const WARM_UP = 20;
const CLIP_SECONDS = 5;
const LOOK_EVERY_MS = 10;
const TIMEOUT_MS = 30_000;

interface Way {
  /** From the storing of the object until the transcript is in D1 and R2. */
  readonly totalMs: number;
  /** The parts of it: inserting the job and sending its message; the time in the queue; the time in the consumer. */
  readonly intakeMs: number;
  readonly queueMs: number;
  readonly consumerMs: number;
}

const server = await startTimed();
try {
  const headers = await insertBenchKey(server.env.DB);
  const ways: Way[] = [];
  for (let index = -WARM_UP; index < CLIPS; index += 1) {
    const way = await send(clip(CLIP_SECONDS, index + WARM_UP), headers);
    if (index >= 0) ways.push(way);
    if (index % 50 === 0) server.clearLogs();
  }
  report(ways);
} finally {
  await server.close();
}

/** Send one clip alone, so that nothing waits before it. */
async function send(body: Uint8Array<ArrayBuffer>, headers: Record<string, string>): Promise<Way> {
  const response = await server.ours.fetch("http://localhost/v1/uploads?name=clip.wav", {
    method: "POST",
    headers,
    body,
  });
  if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
  const { id, input } = (await response.json()) as { id: string; input: { source: { key: string } } };
  const finalizedAt = await untilCompleted(id);
  const object = await server.env.MEDIA.head(input.source.key);
  if (object === null) throw new Error(`'${input.source.key}' is not in the bucket`);
  const told = (await (await server.ours.fetch("http://localhost/deliveries")).json()) as readonly Delivery[];
  const message = told.find(({ queue }) => queue === "media-tasks");
  if (message === undefined) throw new Error("a job ended, but no message was delivered");
  const storedAt = object.uploaded.getTime();
  return {
    totalMs: finalizedAt - storedAt,
    intakeMs: message.sentAt - storedAt,
    queueMs: message.deliveredAt - message.sentAt,
    consumerMs: finalizedAt - message.deliveredAt,
  };
}

/** Wait for a job. Returns when it completed, by the consumer's clock. */
async function untilCompleted(id: string): Promise<number> {
  const end = Date.now() + TIMEOUT_MS;
  for (;;) {
    const job = await server.env.DB.prepare("SELECT state, finalized_at AS finalizedAt FROM jobs WHERE id = ?1")
      .bind(id)
      .first<{ state: string; finalizedAt: number | null }>();
    if (job !== null && job.finalizedAt !== null) {
      if (job.state !== "completed") throw new Error(`job '${id}' ended ${job.state}`);
      return job.finalizedAt;
    }
    if (Date.now() > end) throw new Error(`job '${id}' has not ended within ${TIMEOUT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function report(ways: readonly Way[]): void {
  const of = (part: keyof Way) => ways.map((way) => way[part]);
  const sum = (part: keyof Way) => of(part).reduce((total, ms) => total + ms, 0);
  const parts = (share: number) => ({
    intakeMs: percentile(of("intakeMs"), share),
    queueMs: percentile(of("queueMs"), share),
    consumerMs: percentile(of("consumerMs"), share),
  });
  note(`${ways.length} clips of ${CLIP_SECONDS} s, one after the other`);
  const measured = `a WAV of ${CLIP_SECONDS} s by POST /v1/uploads, from the storing of the object to its transcript`;
  for (const [name, share] of [
    ["p50", 0.5],
    ["p95", 0.95],
  ] as const) {
    print({
      case: `firstResult.${name}Ms`,
      value: percentile(of("totalMs"), share),
      unit: "ms",
      ...parts(share),
      clips: ways.length,
      measured,
    });
  }
  print({
    case: "firstResult.queueShare",
    value: round(sum("queueMs") / sum("totalMs")),
    unit: "of the time",
    intakeShare: round(sum("intakeMs") / sum("totalMs")),
    consumerShare: round(sum("consumerMs") / sum("totalMs")),
    measured: "from when the queue takes the message until the consumer is called with it; max_batch_timeout 0",
  });
}
