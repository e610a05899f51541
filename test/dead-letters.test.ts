// Dead letters as a person sees them: in groups, one with its history, redriven, or discarded.
import { expect, test } from "vitest";

import { editOptions } from "../shared/redrives/edit-options.ts";
import { fingerprintFailure } from "../shared/jobs/fingerprint-failure.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { expectProblem } from "./redriving.ts";

const darkroom = startDarkroom();

interface Group {
  fingerprint: string;
  kind: string;
  code: string;
  message: string;
  count: number;
  firstSeenAt: string;
  lastSeenAt: string;
  sample: { id: string; jobId: string };
}
interface Letter {
  id: string;
  state: string;
  jobId: string;
  taskId: string | null;
  taskState: string;
  note: string | null;
  fingerprint: string;
  options: unknown;
  attempts: { number: number; outcome: string }[];
  audit: { act: string; actor: string; subject: string; detail: unknown }[];
}

const get = async <T>(path: string, key?: string): Promise<T> =>
  (await darkroom.api(path, key === undefined ? {} : { key })).json<T>();
const groups = async (query = "", key?: string) =>
  (await get<{ groups: Group[] }>(`/v1/dead-letters${query}`, key)).groups;
const letter = (id: string) => get<Letter>(`/v1/dead-letters/${id}`);

/** Submit a job that fails, and return the id of its dead letter. */
async function fail(prompt: string, options: object = {}, key?: string): Promise<{ jobId: string; id: string }> {
  const { id: jobId } = await darkroom.submit({ kind: "image_generation", prompt, options }, key);
  expect((await darkroom.untilJob(jobId, undefined, key)).state).toBe("failed");
  return { jobId, id: `dl_${jobId}.generate_image.1` };
}

test("the same fault of two jobs has one fingerprint, another fault another", () => {
  const of = (message: string, code = "c") => fingerprintFailure({ code, message });
  const same = [
    [
      "The object 'inbox/a.mp3' has 812 bytes; this model takes at most 500.",
      "The object 'inbox/bob's own.mp3' has 9,300 bytes; this model takes at most 500.",
    ],
    [
      "no row job_0a1b2c in lease 9f8e7d6c-1111-2222-3333-444455556666",
      "no row job_ffff00 in lease deadbeef-0000-4000-8000-000000000000",
    ],
    ['3043: {"id":"x\\"y"} at 2026-11-23T00:00:00Z', '3043: {"id":"z"} at 2027-01-02T10:20:30Z'],
    ["fetch https://a.example/1 failed  twice", "fetch https://b.example/other?q=2 failed twice"],
    ["blob 00ff00ff00ff", "blob abcdef0123456789"],
  ] as const;
  for (const [a, b] of same) expect(of(a)).toEqual(of(b));
  expect(of("The model's run was aborted.").messagePattern).toBe("The model's run was aborted.");
  expect(of(same[0][0]).messagePattern).toBe("The object <value> has <n> bytes; this model takes at most <n>.");
  expect(new Set([of("a"), of("b"), of("a", "d")].map(({ fingerprint }) => fingerprint)).size).toBe(3);
  expect(of(`"${"\\".repeat(5000)} '${"a".repeat(5000)}`).messagePattern.length).toBeLessThanOrEqual(300);
});

test("dead letters are listed in groups with counts and a sample, and one by one", async () => {
  const first = await fail("error:3010 one");
  const second = await fail("error:3010 two");
  const other = await fail("error:3006 large");
  const found = await groups();
  expect(found.map(({ code, count, sample }) => [code, count, sample.jobId])).toEqual([
    ["request_too_large", 1, other.jobId],
    ["unsupported_audio", 2, second.jobId],
  ]);
  const group = found[1]!;
  expect(group.kind).toBe("generate_image");
  expect(group.fingerprint).toMatch(/^generate_image:unsupported_audio:[0-9a-f]{8}$/);
  expect(group.message).toContain("<n>: scripted failure");
  expect(Date.parse(group.firstSeenAt)).toBeLessThan(Date.parse(group.lastSeenAt));

  type List = { deadLetters: Letter[]; nextCursor: string | null };
  const path = `/v1/dead-letters?fingerprint=${encodeURIComponent(group.fingerprint)}&limit=1`;
  const page = await get<List>(path);
  expect(page.deadLetters.map(({ id }) => id)).toEqual([second.id]);
  const next = await get<List>(`${path}&cursor=${page.nextCursor!}`);
  expect(next).toMatchObject({ deadLetters: [{ id: first.id }], nextCursor: null });
  const firstGroup = await get<{ groups: Group[]; nextCursor: string }>("/v1/dead-letters?limit=1");
  const secondGroup = await groups(`?limit=1&cursor=${firstGroup.nextCursor}`);
  expect([...firstGroup.groups, ...secondGroup]).toEqual(found);

  await darkroom.post(`/v1/dead-letters/${first.id}/discard`, { note: "known" });
  expect((await groups()).map(({ count }) => count)).toEqual([1, 1]);
  expect((await groups("?state=discarded")).map(({ sample }) => sample.id)).toEqual([first.id]);
  expect((await groups("?state=all")).map(({ count }) => count)).toEqual([1, 2]);
  expect(await groups("?state=redriven")).toEqual([]);
  await expectProblem(await darkroom.api("/v1/dead-letters?state=lost"), 422, "invalid_request", /state/);
});

test("one letter is read with every attempt, its options, and its part of the audit log", async () => {
  const { id, jobId } = await fail("error:3010x2 twice", { steps: 3 });
  expect(await letter(id)).toMatchObject({ state: "open", options: { steps: 3 }, audit: [] });
  expect((await darkroom.post(`/v1/dead-letters/${id}/redrive`, {})).status).toBe(202);
  const again = await until(
    () => groups(),
    ([group]) => group !== undefined,
  );
  const newer = await letter(again[0]!.sample.id);
  expect(newer).toMatchObject({ jobId, state: "open" });
  expect(newer.attempts.map(({ number, outcome }) => [number, outcome])).toEqual([
    [1, "discard"],
    [2, "discard"],
  ]);
  expect((await letter(id)).audit).toMatchObject([
    { act: "dead_letter.redrive", actor: "key:operator", subject: id, detail: {} },
  ]);
  await expectProblem(await darkroom.api("/v1/dead-letters/dl_none"), 404, "dead_letter_not_found", /dl_none/);
});

test("a redrive may change single options, which are validated like a new job's", async () => {
  const { id, jobId } = await fail("error:3010x1 edit", { model: "flux-2-dev", steps: 3, seed: 7 });
  const redrive = (body: unknown) => darkroom.post(`/v1/dead-letters/${id}/redrive`, body);
  const wrong: [unknown, RegExp][] = [
    [{ options: { steps: 0 } }, /options\.steps/],
    [{ options: { model: "flux-1-schnell" } }, /options\.seed: 'flux-1-schnell' does not take 'seed'/],
    [{ options: { tier: "fast" } }, /tier/],
    [{ options: [] }, /options/],
    [{ option: {} }, /option/],
  ];
  for (const [body, detail] of wrong) await expectProblem(await redrive(body), 422, "invalid_request", detail);
  const broken = await darkroom.api(`/v1/dead-letters/${id}/redrive`, { method: "POST", body: "{" });
  await expectProblem(broken, 400, "invalid_json", /JSON/);
  expect(await letter(id)).toMatchObject({ state: "open", audit: [] });

  expect((await redrive({ options: { model: "flux-1-schnell", steps: 4, seed: null } })).status).toBe(202);
  const job = await darkroom.untilJob(jobId);
  expect(job).toMatchObject({
    state: "completed",
    input: { prompt: "error:3010x1 edit", options: { model: "flux-1-schnell", steps: 4 } },
  });
  expect(job.attempts.map(({ model }) => model)).toEqual([
    "@cf/black-forest-labs/flux-2-dev",
    "@cf/black-forest-labs/flux-1-schnell",
  ]);
  const { audit } = await letter(id);
  expect(audit).toMatchObject([{ detail: { options: { model: "flux-1-schnell", steps: 4, seed: null } } }]);
});

test("a chunk has its own options, and a join has none", () => {
  const job = { jobKind: "transcription", jobInput: '{"source":{},"options":{"tier":"accurate"}}' } as const;
  const chunk = { source: {}, options: { tier: "accurate", language: "en" }, chunk: { ownStartMs: 0 } };
  expect(editOptions({ ...job, args: JSON.stringify(chunk) }, { vadFilter: true, language: null })).toEqual({
    ok: true,
    args: JSON.stringify({ ...chunk, options: { tier: "accurate", vadFilter: true } }),
  });
  const refused = editOptions({ ...job, args: '{"durationMs":5}' }, { tier: "fast" });
  expect(refused).toMatchObject({ ok: false, issues: [{ path: "options" }] });
});

test("a letter is closed with a note, and a closed one stays closed", async () => {
  const { id, jobId } = await fail("error:3010 close");
  const discard = (body: unknown) => darkroom.post(`/v1/dead-letters/${id}/discard`, body);
  for (const body of [{}, { note: " " }, { note: "x".repeat(501) }]) {
    await expectProblem(await discard(body), 422, "invalid_request", /note/);
  }
  const answers = await Promise.all(Array.from({ length: 5 }, () => discard({ note: "a broken upload" })));
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409]);
  expect(await letter(id)).toMatchObject({ state: "discarded", note: "a broken upload" });
  await expectProblem(
    await darkroom.post(`/v1/dead-letters/${id}/redrive`, {}),
    409,
    "not_redrivable",
    /broken upload/,
  );
  expect((await darkroom.readJob(jobId)).state).toBe("failed");
  expect((await letter(id)).audit.map(({ act }) => act)).toEqual(["dead_letter.discard"]);
});

test("of 20 simultaneous redrives of one letter one wins, for a task and for a message", async () => {
  const { DB, TASKS } = darkroom.bindings();
  const task = await fail("error:3010x1 race sleep:300");
  await TASKS.send({ v: 0 });
  const [message] = await until(
    () => groups("?state=open"),
    ([group]) => group?.code === "malformed_message",
  );
  for (const id of [task.id, message!.sample.id]) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => darkroom.api(`/v1/dead-letters/${id}/redrive`, { method: "POST" })),
    );
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([202, ...Array.from({ length: 19 }, () => 409)]);
    const count = DB.prepare("SELECT count(*) AS n FROM audit WHERE subject = ?1").bind(id).first("n");
    expect(await count).toBe(1);
  }
  // Both while it runs and after it has run.
  const running = await darkroom.api(`/v1/dead-letters/${task.id}/redrive`, { method: "POST" });
  await expectProblem(
    running,
    409,
    "not_redrivable",
    /already been redriven; its task is (available|running|completed)/,
  );
  expect((await darkroom.untilJob(task.jobId)).attempts).toHaveLength(2);
  // The message was sent once, so it came back as one more letter.
  const all = await until(
    () => groups("?state=all"),
    (found) => found.some(({ code, count }) => code === "malformed_message" && count === 2),
  );
  const again = all.find(({ code }) => code === "malformed_message");
  // A message that was sent later has been read, so any other of the nineteen would have been read too.
  await darkroom.untilJob((await darkroom.submit({ kind: "classification", text: "fence" })).id);
  expect(await groups("?state=all&view=groups")).toContainEqual(expect.objectContaining({ ...again!, count: 2 }));
  const edited = await darkroom.post(`/v1/dead-letters/${again!.sample.id}/redrive`, { options: {} });
  await expectProblem(edited, 422, "invalid_request", /could not be read/);
});

test("another owner's letters look as if they did not exist, and only the owner sees the audit rows", async () => {
  const { id } = await fail("error:3010 theirs", {}, KEYS.other);
  expect(await groups()).toEqual([]);
  expect(await groups("", KEYS.other)).toHaveLength(1);
  const asked = [
    await darkroom.api(`/v1/dead-letters/${id}`),
    await darkroom.post(`/v1/dead-letters/${id}/redrive`, {}),
    await darkroom.post(`/v1/dead-letters/${id}/discard`, { note: "mine now" }),
  ];
  for (const response of asked) await expectProblem(response, 404, "dead_letter_not_found", /There is no dead letter/);

  await darkroom.post(`/v1/dead-letters/${id}/discard`, { note: "theirs" }, KEYS.other);
  const waiting = await darkroom.submit({ kind: "image_generation", prompt: "sleep:3000 cancel me" }, KEYS.other);
  await darkroom.api(`/v1/jobs/${waiting.id}/cancel`, { method: "POST", key: KEYS.other });
  await darkroom.api(`/v1/jobs/${waiting.id}/cancel`, { method: "POST", key: KEYS.other });
  type Audit = { audit: { act: string; actor: string; subject: string }[]; nextCursor: string | null };
  const { audit } = await get<Audit>("/v1/audit", KEYS.other);
  expect(audit).toMatchObject([
    { act: "job.cancel", subject: waiting.id, actor: "key:other" },
    { act: "dead_letter.discard", subject: id, actor: "key:other" },
  ]);
  expect(audit).toHaveLength(2);
  expect(await get<Audit>("/v1/audit")).toEqual({ audit: [], nextCursor: null });
  const one = await get<Audit>(`/v1/audit?subject=${id}`, KEYS.other);
  expect(one.audit.map(({ act }) => act)).toEqual(["dead_letter.discard"]);
  const page = await get<Audit>("/v1/audit?limit=1", KEYS.other);
  expect((await get<Audit>(`/v1/audit?limit=1&cursor=${page.nextCursor!}`, KEYS.other)).audit).toEqual(one.audit);
  await expectProblem(await darkroom.api("/v1/audit?act=nothing"), 422, "invalid_request", /act/);
});
