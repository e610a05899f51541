// Random messages through the platform's own queues, ten thousand in `npm run test:long`. None crashes a consumer, loops or is lost.
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { isNewerMessage } from "../shared/jobs/formats.ts";
import { createEvent, startDarkroom, until } from "./harness.ts";
import { sampled } from "./long.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();
const SEED = 20261123;
const MESSAGES_A_QUEUE = sampled(500, 5000);

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.record({
    v: fc.oneof(fc.constant(1), fc.integer()),
    taskId: fc.oneof(fc.string(), fc.constant("job_x.classify"), fc.integer()),
  }),
);
const oddEvent = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc
    .record({
      key: fc.oneof(
        fc.string(),
        fc.constantFrom("inbox/gone.mp3", "results/job_1/1/image.jpg", "inbox/", "inbox/../x", "inbox/real.wav"),
      ),
      size: fc.integer(),
      eTag: fc.string(),
      action: fc.constantFrom(
        "PutObject",
        "CopyObject",
        "CompleteMultipartUpload",
        "DeleteObject",
        "LifecycleDeletion",
        "Explode",
      ),
      bucket: fc.constantFrom("darkroom-media", "another"),
      mess: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 }),
    })
    .map(({ key, size, eTag, action, bucket, mess }) => ({ ...createEvent(key, size, eTag, action), bucket, ...mess })),
);

/** Whether an object can be sent. The harness refuses other objects, and a queue cannot store them. */
function canTravel(body: unknown): boolean {
  return !JSON.stringify(body).includes("__proto__");
}

async function send(queue: Queue, bodies: readonly unknown[]): Promise<void> {
  for (let start = 0; start < bodies.length; start += 100) {
    await queue.sendBatch(bodies.slice(start, start + 100).map((body) => ({ body, contentType: "json" as const })));
  }
}

test("odd messages and events are each ignored or kept, and other work continues", async () => {
  const { DB, TASKS, UPLOADS } = darkroom.bindings();
  const tasks = fc.sample(odd.filter(canTravel), { numRuns: MESSAGES_A_QUEUE, seed: SEED });
  const events = fc.sample(oddEvent.filter(canTravel), { numRuns: MESSAGES_A_QUEUE, seed: SEED });
  await darkroom.bindings().MEDIA.put("inbox/real.wav", speech("not announced rightly"));
  const { id } = await darkroom.submit({ kind: "classification", text: "sleep:300 beside the noise" });
  await Promise.all([send(TASKS, tasks), send(UPLOADS, events)]);
  // These are the last messages of each queue. When they are through, all earlier ones are.
  await darkroom.putAndAnnounce("inbox/last.wav", speech("after the noise"));
  const last = await until(
    async () => (await darkroom.api("/v1/jobs?kind=transcription")).json<{ jobs: { id: string }[] }>(),
    ({ jobs }) => jobs.length > 0,
    150_000,
  );
  expect((await darkroom.untilJob(last.jobs[0]!.id)).state).toBe("completed");
  expect((await darkroom.untilJob(id)).state).toBe("completed");

  const isMessage = (body: unknown) => ((body ?? {}) as { v?: unknown }).v === 1;
  // A message that a newer version may have written is postponed, and does not become a dead letter.
  const unreadable = tasks.filter((body) => !isMessage(body) && !isNewerMessage(body)).length;
  const kept = async (queue: string) =>
    await DB.prepare("SELECT count(*) AS n FROM dead_letters WHERE queue = ?1 AND code = 'malformed_message'")
      .bind(queue)
      .first<number>("n");
  await until(
    async () => kept("media-tasks"),
    (count) => count === unreadable,
  );
  // A malformed event is kept. One that names an object of the inbox is recorded as ignored. None becomes a job.
  expect(await kept("media-uploads")).toBeGreaterThan(MESSAGES_A_QUEUE / 4);
  expect(await DB.prepare("SELECT count(*) AS n FROM jobs").first<number>("n")).toBe(2);
  expect(await DB.prepare("SELECT count(*) AS n FROM uploads WHERE key LIKE 'results/%'").first<number>("n")).toBe(0);
}, 240_000);
