// The fields of a list of jobs for the page, and its search for a text.
import { expect, test } from "vitest";

import { KEYS, startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();

interface Listed {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly figures?: { fraction: number | null; neurons: number; estimatedNeurons: number | null };
}

async function list(query: string): Promise<readonly Listed[]> {
  return (await (await darkroom.api(`/v1/jobs?${query}`)).json<{ jobs: Listed[] }>()).jobs;
}

test("a job is called by its file, its prompt or its text, in one line of at most 121 characters", async () => {
  const long = `${"many words ".repeat(30)}end`;
  await darkroom.submit({ kind: "image_generation", prompt: "a quiet\n  harbour" });
  await darkroom.submit({ kind: "classification", text: long });
  await darkroom.upload({ name: "talk about boats.mp3" }, speech("one two"));
  const titles = (await list("")).map(({ title }) => title);
  expect(titles).toHaveLength(3);
  expect(titles).toContain("a quiet harbour");
  expect(titles).toContain("talk about boats.mp3");
  const cut = titles.find((title) => title.startsWith("many words")) ?? "";
  expect([cut.length <= 121, cut.endsWith("words…") || cut.endsWith("many…")]).toEqual([true, true]);
});

test("a text is found in file names, prompts, texts and ids, in either case, and nowhere in an address", async () => {
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "A Lighthouse in fog" });
  await darkroom.submit({ kind: "classification", text: "no light at all" });
  await darkroom.upload({ name: "LIGHT.mp3" }, speech("one"));
  expect((await list("text=light")).map(({ title }) => title).toSorted()).toEqual([
    "A Lighthouse in fog",
    "LIGHT.mp3",
    "no light at all",
  ]);
  expect(await list("text=light&kind=classification")).toHaveLength(1);
  expect((await list(`text=${id}`)).map((job) => job.id)).toEqual([id]);
  // This is part of every upload's key, and not of a name.
  expect(await list("text=inbox/")).toEqual([]);
  expect(await list("text=%25")).toEqual([]);
  const others = await darkroom.api("/v1/jobs?text=light", { key: KEYS.other });
  expect(await others.json()).toEqual({ jobs: [], nextCursor: null });
});

test("figures have the cost and the estimate of each job, if the query asks for them", async () => {
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "a harbour" });
  await darkroom.untilJob(id);
  expect((await list(""))[0]).not.toHaveProperty("figures");
  const [job] = await list("figures=true");
  expect(job?.figures).toMatchObject({ fraction: null, estimatedNeurons: expect.any(Number) });
  expect(job?.figures?.neurons).toBeGreaterThan(0);
  await darkroom.post("/v1/queues/classification/pause", {});
  await darkroom.submit({ kind: "classification", text: "waits" });
  expect((await list("figures=true&state=queued"))[0]?.figures?.neurons).toBe(0);
});

test("dead letters are found by their job", async () => {
  const broken = await darkroom.submit({ kind: "image_generation", prompt: "error:3010 broken" });
  const other = await darkroom.submit({ kind: "image_generation", prompt: "error:3010 also broken" });
  for (const { id } of [broken, other]) await darkroom.untilJob(id);
  const read = async (query: string) => (await darkroom.api(`/v1/dead-letters?${query}`)).json<object>();
  expect(await read(`jobId=${broken.id}`)).toMatchObject({ deadLetters: [{ jobId: broken.id }] });
  expect(await read(`jobId=${broken.id}&view=groups`)).toMatchObject({ groups: [{ count: 1 }] });
  expect(await read("jobId=job_of_nobody")).toMatchObject({ deadLetters: [] });
});

test("every key may read its own record", async () => {
  const self = async (key: string) => (await darkroom.api("/v1/keys/self", { key })).json<object>();
  expect(await self(KEYS.operator)).toMatchObject({ id: "operator", ownerId: "operator", isOperator: true });
  const created = await darkroom.post("/v1/keys", { label: "hooks", ownerId: "ben", scopes: ["webhooks"] });
  const { key } = await created.json<{ key: string }>();
  const told = await self(key);
  expect(told).toMatchObject({ ownerId: "ben", scopes: ["webhooks"], isOperator: false, state: "active" });
  expect(JSON.stringify(told)).not.toContain(key.split("_").at(-1));
  expect((await darkroom.api("/v1/keys/self", { key: KEYS.revoked })).status).toBe(401);
});
