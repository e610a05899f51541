// A job that generates several pictures of one prompt.
import { expect, test } from "vitest";

import { startDarkroom } from "./harness.ts";

const darkroom = startDarkroom();

const draw = (prompt: string, options: object) =>
  darkroom.submit({ kind: "image_generation", prompt, options, reuse: false });
const namesOf = ({ artifacts }: { artifacts: readonly { name: string }[] }) =>
  artifacts.map(({ name }) => name).toSorted();

test("several pictures are as many calls, each with a seed of its own, and as many artifacts", async () => {
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

test("a later picture that the model refuses is left out; without the first one the job fails", async () => {
  const { id } = await draw("nth:2:flagged boats", { count: 3 });
  expect(namesOf(await darkroom.untilJob(id))).toEqual(["image-3.jpg", "image.jpg"]);
  const refused = await draw("nth:1:flagged boats", { count: 3 });
  expect(await darkroom.untilJob(refused.id)).toMatchObject({ state: "failed", error: { code: "refused_by_model" } });
});

test("a job has one to four pictures", async () => {
  for (const count of [0, 5, 1.5]) {
    const refused = await darkroom.post("/v1/jobs", { kind: "image_generation", prompt: "x", options: { count } });
    expect(refused.status).toBe(422);
  }
});
