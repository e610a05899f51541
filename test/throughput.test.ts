// The number of jobs that ended over time, from which the page draws its charts.
import { expect, test } from "vitest";

import type { JobThroughput } from "../producer/queues/schema.ts";
import { KEYS, startDarkroom } from "./harness.ts";

const darkroom = startDarkroom();
const MINUTE_MS = 60_000;

async function insert(rows: readonly { ageMs: number; state: string; owner?: string; kind?: string }[]) {
  const { DB } = darkroom.bindings();
  const statement = DB.prepare(
    `INSERT INTO jobs (id, owner_id, kind, state, input, error_code, created_at, started_at, finalized_at)
     VALUES (?1, ?2, ?3, ?4, '{}', iif(?4 = 'failed', 'model_failed', NULL), ?5, ?5, ?5)`,
  );
  await DB.batch(
    rows.map(({ ageMs, state, owner = "operator", kind = "classification" }) =>
      statement.bind(crypto.randomUUID(), owner, kind, state, Date.now() - ageMs),
    ),
  );
}

async function read(hours: number, key: string = KEYS.operator): Promise<JobThroughput> {
  const response = await darkroom.api(`/v1/queues/throughput?hours=${hours}`, { key });
  expect(response.status).toBe(200);
  return response.json<JobThroughput>();
}

const total = ({ points }: JobThroughput) =>
  points.reduce((sum, one) => [sum[0]! + one.completed, sum[1]! + one.failed], [0, 0]);

test("ended jobs are counted in steps of their kind; others' are the operator's to see, and cancelled ones are nobody's", async () => {
  await insert([
    { ageMs: 2 * MINUTE_MS, state: "completed" },
    { ageMs: 2 * MINUTE_MS, state: "failed", kind: "transcription" },
    { ageMs: 30 * MINUTE_MS, state: "completed" },
    { ageMs: 3 * 60 * MINUTE_MS, state: "completed", owner: "other" },
    { ageMs: 3 * MINUTE_MS, state: "cancelled" },
    { ageMs: 30 * 60 * MINUTE_MS, state: "completed" },
  ]);
  const hour = await read(1);
  expect(hour).toMatchObject({ scope: "all", stepSeconds: 60 });
  expect(total(hour)).toEqual([2, 1]);
  for (const { at } of hour.points) {
    expect(Date.parse(at) % MINUTE_MS).toBe(0);
    expect(Date.parse(at)).toBeGreaterThan(Date.parse(hour.from));
  }
  const day = await read(24);
  expect(day.stepSeconds).toBe(1800);
  expect(total(day)).toEqual([3, 1]);
  expect(new Set(day.points.map(({ kind }) => kind))).toEqual(new Set(["classification", "transcription"]));
  const own = await read(24, KEYS.other);
  expect([own.scope, total(own)]).toEqual(["own", [1, 0]]);
});
