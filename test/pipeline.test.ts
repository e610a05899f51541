import { expect, test } from "vitest";

import { startDarkroom, until } from "./harness.ts";
import type { JobView } from "./views.ts";

const darkroom = startDarkroom();

async function artifact(job: JobView, name: string): Promise<Response> {
  return darkroom.api(`/v1/jobs/${job.id}/artifacts/${name}`);
}

async function onlyJob(): Promise<string> {
  const { jobs } = await until(
    async () => (await darkroom.api("/v1/jobs")).json() as Promise<{ jobs: { id: string }[] }>,
    (list) => list.jobs.length > 0,
  );
  expect(jobs).toHaveLength(1);
  return jobs[0]!.id;
}

test("an object put into the inbox becomes a transcription in four forms", async () => {
  await darkroom.putAndAnnounce("inbox/note.mp3", "good morning harbour");
  const job = await darkroom.untilJob(await onlyJob());
  expect(job).toMatchObject({ kind: "transcription", state: "completed", error: null });
  expect(job.artifacts.map(({ name }) => name)).toEqual([
    "transcript.json",
    "transcript.srt",
    "transcript.txt",
    "transcript.vtt",
  ]);
  expect(await (await artifact(job, "transcript.json")).json()).toMatchObject({
    model: "@cf/openai/whisper-large-v3-turbo",
    engine: "workers-ai",
    language: "en",
    durationMs: 1500,
    text: "good morning harbour",
    segments: [
      { startMs: 0, endMs: 1400, text: "good morning harbour", words: [{ text: "good", endMs: 400 }, {}, {}] },
    ],
  });
  expect(await (await artifact(job, "transcript.txt")).text()).toBe("good morning harbour\n");
  expect(await (await artifact(job, "transcript.vtt")).text()).toBe(
    "WEBVTT\n\n00:00:00.000 --> 00:00:01.400\ngood morning harbour\n",
  );
  expect(await (await artifact(job, "transcript.srt")).text()).toBe(
    "1\n00:00:00,000 --> 00:00:01,400\ngood morning harbour\n",
  );
  expect(job.attempts).toMatchObject([{ number: 1, outcome: "completed", neurons: 1.5, error: null }]);
});

test.each(["fast", "balanced", "accurate"])("the '%s' tier gives the same schema", async (tier) => {
  const upload = await darkroom.api(`/v1/uploads?name=a.wav&options={"tier":"${tier}"}`, {
    method: "POST",
    body: "one two",
  });
  expect(upload.status).toBe(201);
  const job = await darkroom.untilJob(((await upload.json()) as JobView).id);
  const transcript = (await (await artifact(job, "transcript.json")).json()) as { segments: unknown[] };
  expect(transcript).toMatchObject({ text: "one two" });
  expect(transcript.segments).toMatchObject([{ startMs: 0, endMs: 900, text: "one two", words: [{}, {}] }]);
});

test("a prompt becomes a picture whose type is that of its bytes", async () => {
  for (const prompt of ["a quiet harbour", "rawbytes harbour"]) {
    const submitted = await darkroom.post("/v1/jobs", { kind: "image_generation", prompt });
    expect(submitted.status).toBe(201);
    const job = await darkroom.untilJob(((await submitted.json()) as JobView).id);
    expect(job.artifacts).toMatchObject([{ name: "image.jpg", contentType: "image/jpeg" }]);
    const image = new Uint8Array(await (await artifact(job, "image.jpg")).arrayBuffer());
    expect([...image.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
  }
});

test("the FLUX.2 family takes its form through the same job", async () => {
  const body = {
    kind: "image_generation",
    prompt: "a red boat",
    options: { model: "flux-2-dev", width: 512, seed: 7 },
  };
  const job = await darkroom.untilJob(((await (await darkroom.post("/v1/jobs", body)).json()) as JobView).id);
  expect(job.state).toBe("completed");
  expect(job.attempts[0]?.model).toBe("@cf/black-forest-labs/flux-2-dev");
  expect((await darkroom.modelCalls()).calls["a red boat"]).toBe(1);
});

test("a text file under inbox/prompts/ is a prompt, elsewhere it is classified", async () => {
  await darkroom.putAndAnnounce("inbox/prompts/boat.txt", "a blue boat");
  const picture = await darkroom.untilJob(await onlyJob());
  expect(picture).toMatchObject({ kind: "image_generation", state: "completed" });

  const body = await darkroom.api("/v1/uploads?name=review.txt", { method: "POST", body: "what a fine boat" });
  const text = await darkroom.untilJob(((await body.json()) as JobView).id);
  expect(text).toMatchObject({ kind: "classification", state: "completed" });
});

test("labels are ranked, cut by topK and minScore, and jobs are listed by them", async () => {
  const options = { topK: 2, minScore: 0.15 };
  const submitted = await darkroom.post("/v1/jobs", { kind: "classification", text: "anything", options });
  const job = await darkroom.untilJob(((await submitted.json()) as JobView).id);
  const labels = [
    { label: "horse", score: 0.7 },
    { label: "cup", score: 0.2 },
  ];
  expect(job.labels).toEqual(labels);
  expect(await (await artifact(job, "labels.json")).json()).toMatchObject({ labels });
  const by = async (label: string) =>
    ((await (await darkroom.api(`/v1/jobs?label=${label}`)).json()) as { jobs: { id: string }[] }).jobs.map(
      ({ id }) => id,
    );
  expect(await by("horse")).toEqual([job.id]);
  expect(await by("moon")).toEqual([]);
});

test("metadata on the object names kind and options", async () => {
  const options = JSON.stringify({ model: "flux-2-klein-4b", width: 300, height: 400 });
  await darkroom.putAndAnnounce("inbox/idea.txt", "a green boat", { kind: "image_generation", options });
  const job = await darkroom.untilJob(await onlyJob());
  expect(job).toMatchObject({ kind: "image_generation", input: { options: { width: 300, height: 400 } } });
});

test("the same object announced ten times, uploaded through the API, is one job and one call", async () => {
  const upload = await darkroom.api("/v1/uploads?name=twice.mp3", { method: "POST", body: "only once please" });
  const { id, input } = (await upload.json()) as JobView;
  const { key, etag, sizeBytes } = (input as { source: { key: string; etag: string; sizeBytes: number } }).source;
  const { createEvent } = await import("./harness.ts");
  await darkroom.bindings().UPLOADS.sendBatch(
    Array.from({ length: 10 }, (_, index) => ({
      body: createEvent(key, sizeBytes, etag, index % 2 === 0 ? "PutObject" : "CompleteMultipartUpload"),
    })),
  );
  await darkroom.untilJob(id);
  await darkroom.maintain(new Date(Date.now() + 3_600_000));
  expect(await onlyJob()).toBe(id);
  expect((await darkroom.modelCalls()).calls["only once please"]).toBe(1);
});

test("a source that is a job already is answered with that job; other options make another", async () => {
  const { etag } = await darkroom.putAndAnnounce("inbox/talk.mp3", "source by key");
  expect(etag).toBeTruthy();
  const first = await darkroom.untilJob(await onlyJob());
  const same = await darkroom.post("/v1/jobs", { kind: "transcription", source: "inbox/talk.mp3" });
  expect(same.status).toBe(200);
  expect(((await same.json()) as JobView).id).toBe(first.id);
  const other = await darkroom.post("/v1/jobs", {
    kind: "transcription",
    source: "inbox/talk.mp3",
    options: { language: "de" },
  });
  expect(other.status).toBe(201);
  expect(((await other.json()) as JobView).id).not.toBe(first.id);
});

test("deletes and results make no job", async () => {
  const { UPLOADS } = darkroom.bindings();
  await UPLOADS.send({ ...createDeletion("inbox/gone.mp3") });
  await darkroom.putAndAnnounce("results/job_x/1/transcript.txt", "not a source");
  await darkroom.putAndAnnounce("inbox/marker.mp3", "marker");
  await darkroom.untilJob(await onlyJob());
});

function createDeletion(key: string) {
  return {
    account: "0",
    action: "DeleteObject",
    bucket: "darkroom-media",
    object: { key },
    eventTime: "2026-11-23T00:00:00Z",
  };
}
