// Setting, reading and lifting budgets. Impossible values are refused with a clear message.
import { expect, test } from "vitest";

import type { Budget } from "../producer/budgets/schema.ts";
import { KEYS, startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();

type Refusal = { code: string; detail: string; issues?: { path: string; message: string }[] };

async function put(path: string, body: unknown, key?: string): Promise<Response> {
  const init = { method: "PUT", body: JSON.stringify(body), ...(key !== undefined && { key }) };
  return darkroom.api(`/v1/budgets/${path}`, init);
}

async function list(key?: string): Promise<readonly Budget[]> {
  const response = await darkroom.api("/v1/budgets", key === undefined ? {} : { key });
  return (await response.json<{ budgets: Budget[] }>()).budgets;
}

test("budgets are set, changed, removed and listed to their owners, and each act is in the audit log", async () => {
  const made = await put("other/month", { neurons: 1000.5 });
  expect(made.status).toBe(200);
  const now = new Date();
  expect(await made.json()).toEqual({
    ownerId: "other",
    period: "month",
    neurons: 1000.5,
    letsHighThrough: false,
    spentNeurons: 0,
    reservedNeurons: 0,
    remainingNeurons: 1000.5,
    share: 0,
    resetsAt: new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1)).toISOString(),
  });
  await put("account/day", { neurons: 9000, letsHighThrough: true });
  await put("account/day", { neurons: 8000 });
  expect(
    (await list()).map(({ ownerId, period, neurons, letsHighThrough }) => [ownerId, period, neurons, letsHighThrough]),
  ).toEqual([
    [null, "day", 8000, false],
    ["other", "month", 1000.5, false],
  ]);
  expect((await list(KEYS.other)).map(({ ownerId }) => ownerId)).toEqual(["other"]);
  expect((await darkroom.api("/v1/budgets/account/day", { method: "DELETE" })).status).toBe(204);
  const again = await darkroom.api("/v1/budgets/account/day", { method: "DELETE" });
  expect([again.status, (await again.json<Refusal>()).code]).toEqual([404, "budget_not_found"]);
  const { audit } = await (
    await darkroom.api("/v1/audit?subject=budget:*/day")
  ).json<{ audit: { act: string; detail: unknown }[] }>();
  expect(audit.map(({ act, detail }) => [act, detail])).toEqual([
    ["budget.delete", {}],
    ["budget.set", { neurons: 8000, letsHighThrough: false }],
    ["budget.set", { neurons: 9000, letsHighThrough: true }],
  ]);
});

test.each([
  ["operator/day", { neurons: 0 }, "neurons", /above 0.*pause.*delete/],
  ["operator/day", { neurons: -5 }, "neurons", /above 0/],
  ["operator/day", { neurons: 1e300 }, "neurons", /1000000000/],
  ["operator/day", { neurons: "100" }, "neurons", /number/],
  ["operator/day", {}, "neurons", /number/],
  ["operator/day", { neurons: 1, limit: 2 }, "", /limit/],
  ["operator/week", { neurons: 1 }, "period", /day/],
  ["*/day", { neurons: 1 }, "ownerId", /letters/],
  [`${"x".repeat(101)}/day`, { neurons: 1 }, "ownerId", /100/],
])("a budget that makes no sense is refused: %s %j", async (path, body, field, message) => {
  const response = await put(path, body);
  const { code, issues } = await response.json<Refusal>();
  expect([response.status, code]).toEqual([422, "invalid_request"]);
  expect(issues![0]!.path).toBe(field);
  expect(issues![0]!.message).toMatch(message);
  expect(await list()).toEqual([]);
});

test("only the operator sets and removes budgets, and no owner may have the name of the account", async () => {
  const refused = [
    await put("other/day", { neurons: 1 }, KEYS.other),
    await darkroom.api("/v1/budgets/other/day", { method: "DELETE", key: KEYS.other }),
    await darkroom.api("/v1/queues/hold", { method: "DELETE", key: KEYS.other }),
  ];
  for (const response of refused)
    expect([response.status, (await response.json<Refusal>()).code]).toEqual([403, "forbidden"]);
  const key = await darkroom.post("/v1/keys", { label: "x", scopes: ["jobs:read"], ownerId: "account" });
  expect((await key.json<Refusal>()).issues).toMatchObject([{ path: "ownerId" }]);
});

test("maxNeurons is a term of jobs, uploads and objects alike", async () => {
  const described = await darkroom.submit({ kind: "classification", text: "fine", maxNeurons: 0.5 });
  expect(described.terms.maxNeurons).toBe(0.5);
  const sent = await darkroom.upload({ name: "a.wav", maxNeurons: "2.5" }, speech("one two"));
  expect(sent.terms.maxNeurons).toBe(2.5);
  const announced = await darkroom.api("/v1/uploads", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "b.wav", sizeBytes: 1000, maxNeurons: 3 }),
  });
  expect(announced.status).toBe(201);
  for (const maxNeurons of [0, -1, "many", 1e12]) {
    const response = await darkroom.post("/v1/jobs", { kind: "classification", text: "x", maxNeurons });
    expect([response.status, (await response.json<Refusal>()).issues![0]!.path]).toEqual([422, "maxNeurons"]);
  }
  const query = await darkroom.api("/v1/uploads?name=a.wav&maxNeurons=0", { method: "POST", body: "RIFF" });
  expect(query.status).toBe(422);
});

test("a job whose limit is below the price of its call is discarded, and can be redriven with a higher limit", async () => {
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "a dear harbour", maxNeurons: 100 });
  const job = await darkroom.untilJob(id);
  expect(job.error).toMatchObject({
    code: "max_neurons_reached",
    message: "The next call would cost 172.8 neurons; the job has spent 0 of its 'maxNeurons' of 100.",
  });
  expect(job.attempts[0]!.calls).toEqual([]);
  const letter = `/v1/dead-letters/dl_${id}.generate_image.1/redrive`;
  expect((await darkroom.post(letter, { maxNeurons: -1 })).status).toBe(422);
  expect((await darkroom.post(letter, { maxNeurons: 200 })).status).toBe(202);
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "completed", terms: { maxNeurons: 200 } });
});
