// People rename their deployments, because another Darkroom in the account already uses the names.
import { expect, test } from "vitest";

import { createEvent, startDarkroom, until } from "./harness.ts";
import { speech } from "./speech.ts";

interface Named {
  readonly queue: string;
  readonly dead_letter_queue?: string;
}

const NAMES: Readonly<Record<string, string>> = {
  "media-uploads": "second-uploads",
  "media-tasks": "second-tasks",
  "media-dead-letters": "second-dead-letters",
};

function rename({ dead_letter_queue: letters, ...named }: Named): Named {
  const queue = NAMES[named.queue] ?? named.queue;
  return { ...named, queue, ...(letters && { dead_letter_queue: NAMES[letters] ?? letters }) };
}

const darkroom = startDarkroom(
  { DEAD_LETTER_QUEUE: "second-dead-letters" },
  {
    edit: ({ queues, r2_buckets, ...config }) => ({
      ...config,
      r2_buckets: r2_buckets.map((bucket: object) => ({ ...bucket, bucket_name: "second-media" })),
      queues: { producers: queues.producers?.map(rename), consumers: queues.consumers?.map(rename) },
    }),
  },
);

test("with other names of queues and bucket an object becomes one job, and a job runs", async () => {
  const object = await darkroom.bindings().MEDIA.put("inbox/a.wav", speech("zero one"));
  const event = { ...createEvent("inbox/a.wav", object!.size, object!.etag), bucket: "second-media" };
  await darkroom.bindings().UPLOADS.send(event);
  const { jobs } = await until(
    async () => (await darkroom.api("/v1/jobs")).json<{ jobs: { id: string }[] }>(),
    (list) => list.jobs.length > 0,
  );
  expect(await darkroom.untilJob(jobs[0]!.id)).toMatchObject({ state: "completed", kind: "transcription" });
  // The sweep finds the same upload, although no event gives it the bucket's name.
  await darkroom.maintain(new Date(Date.now() + 3_600_000));
  expect(await (await darkroom.api("/v1/jobs")).json()).toMatchObject({ jobs: [{ id: jobs[0]!.id }] });
});

test("a message that the platform gave up on becomes a dead letter, whatever its queue is called", async () => {
  await darkroom.bindings().DEAD_LETTERS.send(createEvent("inbox/never.mp3", 1, "etag"));
  const { deadLetters } = await until(
    async () => (await darkroom.api("/v1/dead-letters?view=list")).json<{ deadLetters: { code: string }[] }>(),
    (list) => list.deadLetters.length > 0,
  );
  expect(deadLetters).toMatchObject([{ kind: "message", queue: "second-dead-letters", code: "delivery_exhausted" }]);
});
