// A job that generates several pictures of one prompt.
import { expect, test } from "vitest";

import { startDarkroom } from "./harness.ts";

const darkroom = startDarkroom();

const draw = (prompt: string, options: object) =>
  darkroom.submit({ kind: "image_generation", prompt, options, reuse: false });
const namesOf = ({ artifacts }: { artifacts: readonly { name: string }[] }) =>
  artifacts.map(({ name }) => name).toSorted();

test("each of several pictures is a call with its own seed, and an artifact", async () => {
  const options = { model: "flux-2-klein-4b", count: 3, seed: 4_294_967_295, width: 512, height: 512 };
  const { id, estimate } = await draw("three boats", options);
  // A tile each, at 26.05 neurons.
  expect(estimate).toMatchObject({ calls: 3, neurons: expect.closeTo(78.15, 9) });
  const job = await darkroom.untilJob(id);
  expect(namesOf(job)).toEqual(["image-2.jpg", "image-3.jpg", "image.jpg"]);
  expect(job.attempts).toMatchObject([{ outcome: "completed", neurons: 4.5, calls: [{}, {}, {}] }]);
  const { calls, requests } = await darkroom.modelCalls();
  expect(calls["three boats"]).toBe(3);
  // The scripted model keeps the last request.
  expect(requests.find(({ model }) => model.endsWith("klein-4b"))?.form).toMatchObject({ seed: "1" });
  for (const { name } of job.artifacts) {
    const picture = await darkroom.api(`/v1/jobs/${id}/artifacts/${name}`);
    expect([picture.status, picture.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
  }
});

test("an attempt that failed at the second picture does not pay for the first one again", async () => {
  const { id } = await draw("nth:2:3043 boats", { count: 3 });
  await darkroom.untilJob(id, ({ attempts }) => attempts.length === 1);
  await darkroom.bindings().DB.prepare("UPDATE tasks SET scheduled_at = 0, check_at = 0").run();
  await darkroom.maintain();
  const job = await darkroom.untilJob(id);
  expect(namesOf(job)).toEqual(["image-2.jpg", "image-3.jpg", "image.jpg"]);
  expect(job.attempts.map(({ outcome }) => outcome)).toEqual(["retry", "completed"]);
  // Three pictures, and one call that failed.
  expect((await darkroom.modelCalls()).calls["nth:2:3043 boats"]).toBe(4);
  expect(job.attempts.reduce((sum, { neurons }) => sum + (neurons ?? 0), 0)).toBe(4.5);
});

test("a picture of a consumer that died is accounted for once, however many attempts reuse it", async () => {
  const { DB } = darkroom.bindings();
  const { id } = await draw("nth:2:3043 ships", { count: 3 });
  await darkroom.untilJob(id, ({ attempts }) => attempts.length === 1);
  // The consumer died after it had stored the first picture, so no row has its cost.
  await DB.prepare("UPDATE attempts SET outcome = 'lost', usage = NULL, neurons = NULL").run();
  await DB.prepare("UPDATE tasks SET scheduled_at = 0, check_at = 0").run();
  await darkroom.maintain();
  const { attempts } = await darkroom.untilJob(id);
  expect(attempts.at(-1)).toMatchObject({ neurons: 4.5, calls: [{ recalledFrom: 1 }, {}, {}] });
  // The next attempt accounted for it, and failed after its last picture.
  await DB.batch([
    DB.prepare("UPDATE attempts SET outcome = 'retry' WHERE number = 2"),
    DB.prepare("DELETE FROM artifacts"),
    DB.prepare("UPDATE jobs SET state = 'running', finalized_at = NULL"),
    DB.prepare("UPDATE tasks SET state = 'retryable', finalized_at = NULL, scheduled_at = 0, check_at = 0"),
  ]);
  await darkroom.maintain();
  const again = await darkroom.untilJob(id);
  expect(namesOf(again)).toEqual(["image-2.jpg", "image-3.jpg", "image.jpg"]);
  expect(again.attempts.map(({ neurons }) => neurons)).toEqual([null, 4.5, null]);
  expect((await darkroom.modelCalls()).calls["nth:2:3043 ships"]).toBe(4);
});

test("a later picture that the model refuses is left out; without the first one the job fails", async () => {
  const { id } = await draw("nth:2:flagged boats", { count: 3 });
  const job = await darkroom.untilJob(id);
  expect(namesOf(job)).toEqual(["image-3.jpg", "image.jpg"]);
  expect(job.notices).toEqual(["The model refused 1 of 3 pictures."]);
  const refused = await draw("nth:1:flagged boats", { count: 3 });
  expect(await darkroom.untilJob(refused.id)).toMatchObject({ state: "failed", error: { code: "refused_by_model" } });
});

test("a job has one to four pictures", async () => {
  for (const count of [0, 5, 1.5]) {
    const refused = await darkroom.post("/v1/jobs", { kind: "image_generation", prompt: "x", options: { count } });
    expect(refused.status).toBe(422);
  }
});
