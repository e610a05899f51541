// The effect of a redrive on the terms of the job: its time, and identical jobs.
import { expect, test } from "vitest";

import type { Transcript } from "../shared/transcripts/transcript.ts";
import { startDarkroom, until } from "./harness.ts";
import { expectProblem } from "./redriving.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();

/** Four minutes, transcribed in chunks. The special words are in different chunks. */
function recording(prefix: string, special: Readonly<Record<number, string>>): Uint8Array<ArrayBuffer> {
  return speech(Array.from({ length: 480 }, (_, index) => special[index] ?? `${prefix}${index}`).join(" "));
}

async function untilLetter(jobId: string): Promise<string> {
  type List = { deadLetters: { id: string; jobId: string }[] };
  const list = async () => (await darkroom.api("/v1/dead-letters?view=list")).json<List>();
  const { deadLetters } = await until(list, ({ deadLetters: all }) => all.some((letter) => letter.jobId === jobId));
  return deadLetters.find((letter) => letter.jobId === jobId)?.id ?? "";
}

const redrive = (letterId: string, body: object = {}) => darkroom.post(`/v1/dead-letters/${letterId}/redrive`, body);

test("after a redrive, a deadline that has passed is dropped, and a deadline in the future still applies", async () => {
  const { DB } = darkroom.bindings();
  for (const way of ["by hand", "by a redrive of many"]) {
    const request = { kind: "image_generation", prompt: `error:3010x1 in time ${way}`, deadlineSeconds: 600 };
    const { id } = await darkroom.submit(request);
    expect((await darkroom.untilJob(id)).state).toBe("failed");
    await DB.prepare("UPDATE jobs SET deadline_at = 1, start_by = 1, started_at = NULL WHERE id = ?1").bind(id).run();
    const letter = await untilLetter(id);
    const response =
      way === "by hand" ? await redrive(letter) : await darkroom.post("/v1/redrives", { filter: { jobId: id } });
    expect(response.status).toBe(202);
    await darkroom.maintain();
    expect(await darkroom.untilJob(id)).toMatchObject({
      state: "completed",
      terms: { deadlineAt: null, startBy: null },
    });
  }
  const ahead = { kind: "image_generation", prompt: "error:3010x1 still in time", deadlineSeconds: 600 };
  const { id } = await darkroom.submit(ahead);
  const { terms } = await darkroom.untilJob(id);
  expect((await redrive(await untilLetter(id))).status).toBe(202);
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "completed", terms });
});

test("the rest of a job that ran out of time is not redriven into half a result", async () => {
  const sound = recording("t", { 60: "error:3010x1 t", 300: "sleep:20000" });
  const { id } = await darkroom.upload({ name: "late.wav", deadlineSeconds: "600" }, sound);
  const letter = await untilLetter(id);
  await darkroom.bindings().DB.prepare("UPDATE jobs SET deadline_at = 1 WHERE id = ?1").bind(id).run();
  await darkroom.maintain();
  const failed = await darkroom.untilJob(id);
  expect(failed).toMatchObject({ state: "failed", error: { code: "deadline_exceeded" } });
  await expectProblem(await redrive(letter), 409, "not_redrivable", /ran out of time/);
  const many = await darkroom.post("/v1/redrives", { filter: { jobId: id } });
  await expectProblem(many, 409, "nothing_to_redrive", /No open dead letter/);
  expect(await darkroom.readJob(id)).toMatchObject({ state: "failed", error: failed.error });
  // The transcribed chunks stay.
  const transcript = await (await darkroom.api(`/v1/jobs/${id}/transcript`)).json<Transcript>();
  expect(transcript.text).toContain("t200");
});

test("a job with a chunk that was transcribed with other options is identical to no other job", async () => {
  const sound = recording("i", { 60: "error:3010x1 i", 300: "sleep:6000" });
  const first = await darkroom.upload({ name: "first.wav" }, sound);
  const letter = await untilLetter(first.id);
  const during = await darkroom.upload({ name: "during.wav" }, sound);
  expect(during.waiting).toMatchObject({ code: "identical_job" });
  expect((await redrive(letter, { options: { initialPrompt: "a harbour" } })).status).toBe(202);
  expect((await darkroom.untilJob(first.id)).state).toBe("completed");
  const after = await darkroom.upload({ name: "after.wav" }, sound);
  expect(await darkroom.untilJob(during.id)).toMatchObject({ state: "completed", reused: null });
  expect(await darkroom.untilJob(after.id)).toMatchObject({ state: "completed", reused: { jobId: during.id } });
});
