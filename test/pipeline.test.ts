import { expect, test } from "vitest";

import { createEvent, startDarkroom, until } from "./harness.ts";
import { TranscriptionInput } from "../shared/kinds/transcription/kind.ts";
import type { Transcript } from "../shared/transcripts/transcript.ts";
import { speech } from "./speech.ts";
import type { JobView } from "./views.ts";

const darkroom = startDarkroom();

async function artifact(job: JobView, name: string): Promise<Response> {
  return darkroom.api(`/v1/jobs/${job.id}/artifacts/${name}`);
}

async function listIds(query = ""): Promise<string[]> {
  const list = await (await darkroom.api(`/v1/jobs${query}`)).json<{ jobs: { id: string }[] }>();
  return list.jobs.map(({ id }) => id);
}

async function onlyJob(): Promise<string> {
  const ids = await until(listIds, (found) => found.length > 0);
  expect(ids).toHaveLength(1);
  return ids[0]!;
}

test("an object put into the inbox becomes a transcription in four forms", async () => {
  await darkroom.putAndAnnounce("inbox/note.mp3", speech("good morning harbour"));
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
  const { id } = await darkroom.upload({ name: "a.wav", options: JSON.stringify({ tier }) }, speech("one two"));
  const transcript = await (await artifact(await darkroom.untilJob(id), "transcript.json")).json<Transcript>();
  expect(transcript).toMatchObject({ text: "one two" });
  expect(transcript.segments).toMatchObject([{ startMs: 0, endMs: 900, text: "one two", words: [{}, {}] }]);
});

test("a prompt becomes a picture whose type is that of its bytes", async () => {
  for (const prompt of ["a quiet harbour", "rawbytes harbour"]) {
    const job = await darkroom.untilJob((await darkroom.submit({ kind: "image_generation", prompt })).id);
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
  const job = await darkroom.untilJob((await darkroom.submit(body)).id);
  expect(job.state).toBe("completed");
  expect(job.attempts[0]?.model).toBe("@cf/black-forest-labs/flux-2-dev");
  expect((await darkroom.modelCalls()).calls["a red boat"]).toBe(1);
});

test("a text file under inbox/prompts/ is a prompt, elsewhere it is classified", async () => {
  await darkroom.putAndAnnounce("inbox/prompts/boat.txt", "a blue boat");
  const picture = await darkroom.untilJob(await onlyJob());
  expect(picture).toMatchObject({ kind: "image_generation", state: "completed" });

  const text = await darkroom.untilJob((await darkroom.upload({ name: "review.txt" }, "what a fine boat")).id);
  expect(text).toMatchObject({ kind: "classification", state: "completed" });
});

test("labels are ranked, cut by topK and minScore, and jobs are listed by them", async () => {
  const options = { topK: 2, minScore: 0.15 };
  const submitted = await darkroom.submit({ kind: "classification", text: "anything", options });
  const job = await darkroom.untilJob(submitted.id);
  const labels = [
    { label: "horse", score: 0.7 },
    { label: "cup", score: 0.2 },
  ];
  expect(job.labels).toEqual(labels);
  expect(await (await artifact(job, "labels.json")).json()).toMatchObject({ labels });
  expect(await listIds("?label=horse")).toEqual([job.id]);
  expect(await listIds("?label=moon")).toEqual([]);
});

test("metadata on the object names kind and options", async () => {
  const options = JSON.stringify({ model: "flux-2-klein-4b", width: 300, height: 400 });
  await darkroom.putAndAnnounce("inbox/idea.txt", "a green boat", { kind: "image_generation", options });
  const job = await darkroom.untilJob(await onlyJob());
  expect(job).toMatchObject({ kind: "image_generation", input: { options: { width: 300, height: 400 } } });
});

test("the same object announced ten times, uploaded through the API, is one job and one call", async () => {
  const { id, input } = await darkroom.upload({ name: "twice.mp3" }, speech("only once please"));
  const { source } = TranscriptionInput.parse(input);
  await darkroom.bindings().UPLOADS.sendBatch(
    Array.from({ length: 10 }, (_, index) => ({
      body: createEvent(
        source.key,
        source.sizeBytes,
        source.etag,
        index % 2 === 0 ? "PutObject" : "CompleteMultipartUpload",
      ),
    })),
  );
  await darkroom.untilJob(id);
  await darkroom.maintain(new Date(Date.now() + 3_600_000));
  expect(await onlyJob()).toBe(id);
  expect((await darkroom.modelCalls()).calls["only once please"]).toBe(1);
});

test("a source that is already a job gets that job; other options create another", async () => {
  const { etag } = await darkroom.putAndAnnounce("inbox/talk.mp3", speech("source by key"));
  expect(etag).toBeTruthy();
  const first = await darkroom.untilJob(await onlyJob());
  const same = await darkroom.post("/v1/jobs", { kind: "transcription", source: "inbox/talk.mp3" });
  expect(same.status).toBe(200);
  expect(await same.json()).toMatchObject({ id: first.id });
  const other = await darkroom.submit({ kind: "transcription", source: "inbox/talk.mp3", options: { language: "de" } });
  expect(other.id).not.toBe(first.id);
});

test("deletions and results do not become jobs", async () => {
  const { UPLOADS } = darkroom.bindings();
  await UPLOADS.send({ ...createEvent("inbox/gone.mp3", 0, "", "DeleteObject"), object: { key: "inbox/gone.mp3" } });
  await darkroom.putAndAnnounce("results/job_x/1/transcript.txt", "not a source");
  await darkroom.putAndAnnounce("inbox/marker.mp3", speech("marker"));
  const job = await darkroom.readJob(await onlyJob());
  expect(job.input).toMatchObject({ source: { key: "inbox/marker.mp3" } });
});
