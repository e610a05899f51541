// The usage of each owner on each day, and who can see it.
import { beforeEach, expect, test } from "vitest";

import { KEYS, startDarkroom } from "./harness.ts";

const darkroom = startDarkroom();
const DAY_MS = 86_400_000;
const TODAY = Math.floor(Date.now() / DAY_MS);
const SCHNELL = "@cf/black-forest-labs/flux-1-schnell";
const RESNET = "@cf/microsoft/resnet-50";

const dateOf = (day: number) => new Date(day * DAY_MS).toISOString().slice(0, 10);

interface Answer {
  readonly scope: string;
  readonly rows: readonly Record<string, string | number>[];
  readonly total: Record<string, number | null>;
  readonly free: { readonly used: number; readonly left: number | null; readonly resetsAt: string };
}

async function usage(query: string, key?: string): Promise<Answer> {
  const response = await darkroom.api(`/v1/usage?${query}`, { ...(key !== undefined && { key }) });
  expect([query, response.status]).toEqual([query, 200]);
  return response.json<Answer>();
}

/** Insert rows as the meter writes them: one for the owner, and one for all owners together. */
beforeEach(async () => {
  const { DB } = darkroom.bindings();
  const rows = [
    ["operator", TODAY, "image_generation", SCHNELL, 100, 17_280, 172.8],
    ["other", TODAY, "classification", RESNET, 10, 2.28, 0],
    ["other", TODAY - 1, "image_generation", SCHNELL, 50, 8640, 0],
    ["other", TODAY - 40, "classification", RESNET, 1, 0.228, 0],
  ] as const;
  const insert = DB.prepare(
    `INSERT INTO usage_days (owner_id, day, kind, model, calls, neurons, estimated_neurons) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
  );
  await DB.batch(rows.flatMap(([owner, ...row]) => [insert.bind(owner, ...row), insert.bind("*", ...row)]));
}, 30_000);

test("the operator sees the account's usage by day, and the part beyond the free neurons", async () => {
  const answer = await usage("");
  expect(answer).toMatchObject({ scope: "all", from: dateOf(TODAY - 29), to: dateOf(TODAY) });
  expect(answer.rows).toMatchObject([
    { day: dateOf(TODAY - 1), calls: 50, neurons: 8640, microUsd: 95_040 },
    { day: dateOf(TODAY), calls: 110, neurons: 17_282.28, estimatedNeurons: 172.8 },
  ]);
  // Yesterday was free. Today 7,282.28 neurons are not free, at 11 micro-dollars each.
  expect(answer.total).toMatchObject({ calls: 160, neurons: 25_922.28, billedMicroUsd: 80_105.08 });
  const resetsAt = new Date((TODAY + 1) * DAY_MS).toISOString();
  expect(answer.free).toEqual({ neurons: 10_000, used: 17_282.28, left: 0, resetsAt });
});

test("it is grouped by any of day, model, kind and owner", async () => {
  const { rows } = await usage("by=owner,model");
  expect(rows.map((row) => [row["owner"], row["model"], row["calls"]])).toEqual([
    ["operator", SCHNELL, 100],
    ["other", SCHNELL, 50],
    ["other", RESNET, 10],
  ]);
  expect((await usage("by=kind&ownerId=other")).rows).toMatchObject([
    { kind: "classification", calls: 10 },
    { kind: "image_generation", calls: 50 },
  ]);
  const year = await usage(`from=${dateOf(TODAY - 365)}&to=${dateOf(TODAY - 2)}&by=kind`);
  expect(year.rows).toMatchObject([{ kind: "classification", calls: 1, microUsd: 2.508 }]);
});

test("other owners see their own usage, and not what the account has left", async () => {
  const answer = await usage("by=day,kind", KEYS.other);
  expect(answer).toMatchObject({ scope: "owner", total: { calls: 60, billedMicroUsd: null } });
  expect(answer.free).toMatchObject({ used: 2.28, left: null });
  expect((await usage("ownerId=other", KEYS.other)).total).toMatchObject({ calls: 60 });
  for (const query of ["by=owner", "by=day,owner", "ownerId=operator", "ownerId=nobody"]) {
    const response = await darkroom.api(`/v1/usage?${query}`, { key: KEYS.other });
    expect([query, response.status]).toEqual([query, 403]);
  }
});

test("the usage of a job is there when it has ended", async () => {
  const job = await darkroom.submit({ kind: "classification", text: "a fine day" }, KEYS.other);
  await darkroom.untilJob(job.id, undefined, KEYS.other);
  const { rows } = await usage("by=model", KEYS.other);
  expect(rows).toContainEqual(
    expect.objectContaining({ model: "@cf/huggingface/distilbert-sst-2-int8", neurons: 1.5 }),
  );
});

test("a query that makes no sense is refused with the reason", async () => {
  const today = dateOf(TODAY);
  const bad: [string, RegExp][] = [
    ["from=yesterday", /^from/],
    ["to=2026-02-30", /^to/],
    [`from=${today}&to=${dateOf(TODAY - 1)}`, /'from' is after 'to'/],
    [`from=${dateOf(TODAY - 3650)}`, /at most 366 days/],
    ["by=nonsense", /expected one or more of day,model,kind,owner/],
    ["by=", /expected one or more of/],
    ["by=day,day", /expected one or more of/],
    ["since=2026-01-01", /since/],
    ["ownerId=a%20b", /^ownerId/],
  ];
  for (const [query, detail] of bad) {
    const response = await darkroom.api(`/v1/usage?${query}`);
    expect([query, response.status, (await response.json<{ detail: string }>()).detail]).toEqual([
      query,
      422,
      expect.stringMatching(detail),
    ]);
  }
});
