// workerd enforces no CPU limit, so a parser that never returns stops the whole runtime. Here two parsers do, each in its own runtime.
// The runtime is started four times before a task is given up, so all of this is `npm run test:long`. `npm test` tests the watchdog
// without a runtime (test/watch-runtime.test.ts).
import { expect, test, type TestContext } from "vitest";

import { pictureOf } from "../bench/kill/answers.ts";
import { LOCAL_KEY } from "../shared/keys/local-secrets.ts";
import { HANGS_READER, HANGS_TASK } from "./hanging/mark.ts";
import { startHanging, WATCH, WATCH_MS } from "./hanging/runtime.ts";
import { until } from "./harness.ts";
import { IS_LONG } from "./long.ts";
import type { JobView } from "./views.ts";

const PATIENCE_MS = 100_000;
const NEVER = new AbortController().signal;

/** The watchdog's reading can be as old as one check. A busy machine needs some time to read the disk and to end the runtime. */
const SLACK_MS = 2 * WATCH.checkEveryMs + 3000;

type Darkroom = Awaited<ReturnType<typeof startHanging>>;
type Uploads = { uploads: { key: string; jobId: string | null; ignoredReason: string | null }[] };

test.runIf(IS_LONG)(
  "a runtime whose parser never returns is started again, and what ran beside it completes",
  async ({ onTestFinished }) => {
    const darkroom = await start(onTestFinished);
    const { client } = darkroom;
    const { neighbours, deadly } = await hangOne(darkroom, 2);
    const jobs = await until(
      () => client.readJobs().catch(() => []),
      (all) =>
        neighbours.every((id) => outcomesOf(all, id).includes("completed")) && outcomesOf(all, deadly).length > 0,
      PATIENCE_MS,
    );
    expect(outcomesOf(jobs, deadly)[0]).toBe("lost");
    for (const id of neighbours) expect(outcomesOf(jobs, id).slice(-1)).toEqual(["completed"]);
    expect(darkroom.said[0]).toContain(`has done nothing for ${WATCH_MS / 1000} seconds`);
    expect(darkroom.outages[0]?.hungMs).toBeLessThan(WATCH_MS + SLACK_MS);
  },
);

test
  .runIf(IS_LONG)
  .concurrent(
    "a picture whose parser never returns is a dead letter after three attempts, and its neighbours complete",
    async ({ onTestFinished }) => {
      const darkroom = await start(onTestFinished);
      const { client } = darkroom;
      const { neighbours, deadly } = await hangOne(darkroom, 5);
      const jobs = await untilEnded(darkroom, 6);
      expect(jobs.find(({ id }) => id === deadly)).toMatchObject({ state: "failed", error: { code: "worker_lost" } });
      expect(outcomesOf(jobs, deadly)).toEqual(["lost", "lost", "lost"]);
      expect(await client.countLetters()).toBe(1);
      // The tasks that ran next to it were lost once with it.
      for (const id of neighbours) expect(outcomesOf(jobs, id).slice(-1)).toEqual(["completed"]);
      expect(neighbours.filter((id) => outcomesOf(jobs, id)[0] === "lost").length).toBeGreaterThan(0);
      expect(Math.max(...neighbours.map((id) => outcomesOf(jobs, id).length))).toBe(2);
      expectThreeShortOutages(darkroom);
    },
  );

test
  .runIf(IS_LONG)
  .concurrent(
    "an object whose inspection never returns is an ignored upload after three readers, and its neighbours complete",
    async ({ onTestFinished }) => {
      const darkroom = await start(onTestFinished);
      const put = (name: string, bytes: Uint8Array) => darkroom.client.submit({ type: "put", name, bytes }, NEVER);
      await put("a.txt", Buffer.from("a neighbour"));
      await put("m.jpg", pictureOf(HANGS_READER));
      await put("z.txt", Buffer.from("another neighbour"));
      const { uploads } = await until(
        async () => (await call(darkroom, "/v1/uploads").catch(() => ({ uploads: [] }))) as Uploads,
        (found) => found.uploads.length === 3,
        PATIENCE_MS,
      );
      const ignored = uploads.find(({ key }) => key === "inbox/m.jpg");
      expect(ignored).toMatchObject({ jobId: null, ignoredReason: expect.stringContaining("3 readers ended") });
      const jobs = await untilEnded(darkroom, 2);
      expect(jobs.map(({ state }) => state)).toEqual(["completed", "completed"]);
      expectThreeShortOutages(darkroom);
    },
  );

async function start(onTestFinished: TestContext["onTestFinished"]): Promise<Darkroom> {
  const darkroom = await startHanging();
  onTestFinished(() => darkroom.close());
  return darkroom;
}

/** Submit a picture that hangs its consumer, in one batch with older texts. */
async function hangOne(darkroom: Darkroom, neighbourCount: number) {
  const { client } = darkroom;
  await call(darkroom, "/v1/queues/classification/pause", "POST");
  const neighbours: (string | null)[] = [];
  for (let number = 1; number <= neighbourCount; number += 1) {
    const body = { kind: "classification", text: `neighbour ${number}` };
    neighbours.push((await client.submit({ type: "described", body }, NEVER)).jobId);
  }
  const picture = { type: "uploaded", name: "deadly.jpg", bytes: pictureOf(HANGS_TASK) } as const;
  const { jobId: deadly } = await client.submit(picture, NEVER);
  // The runtime may hang before it answers.
  await call(darkroom, "/v1/queues/classification/resume", "POST").catch(() => undefined);
  return { neighbours, deadly };
}

async function untilEnded({ client }: Darkroom, count: number): Promise<readonly JobView[]> {
  return until(
    () => client.readJobs().catch(() => []),
    (jobs) => jobs.filter(({ finishedAt }) => finishedAt !== null).length === count,
    PATIENCE_MS,
  );
}

async function call({ url }: Darkroom, path: string, method = "GET"): Promise<unknown> {
  const headers = { authorization: `Bearer ${LOCAL_KEY}` };
  const body = method === "GET" ? {} : { body: "{}" };
  const response = await fetch(`${url()}${path}`, { method, headers, ...body });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

function outcomesOf(jobs: readonly JobView[], wanted: string | null): readonly string[] {
  return (jobs.find(({ id }) => id === wanted)?.attempts ?? []).map(({ outcome }) => outcome);
}

function expectThreeShortOutages({ outages, said }: Darkroom): void {
  expect(said).toHaveLength(3);
  for (const message of said) expect(message).toContain(`has done nothing for ${WATCH_MS / 1000} seconds`);
  expect(outages).toHaveLength(3);
  for (const { hungMs } of outages) expect(hungMs).toBeLessThan(WATCH_MS + SLACK_MS);
}
