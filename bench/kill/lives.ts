// Starts the runtime, gives it work, kills it, and starts it again on the same disk.
import { join } from "node:path";

import { migrate } from "../../local/migrate.ts";
import type { Runtime } from "../../local/runtime.ts";
import { type Client, createClient } from "./client.ts";
import { readCaught, stayOff } from "./disk.ts";
import { isOf, type Kill, type Submission } from "./judge.ts";
import type { Versions } from "./versions.ts";
import { startSomewhere } from "./start.ts";
import type { Work } from "./work.ts";

export interface LivesOptions {
  readonly folder: string;
  readonly inferenceUrl: string;
  readonly works: readonly Work[];
  readonly kills: number;
  readonly random: () => number;
  readonly note: (message: string) => void;
  /** The two versions, which alternate at each kill so that the last life runs the newer; null to run only this one. */
  readonly versions: Versions | null;
}

const KILL_AFTER_MS = { least: 200, most: 4000 };

/** Longer than a lease, which is 90 s. */
const OFF_MS = 91_000;

const WAKE_GRACE_SECONDS = 2;
const CRON_EVERY_MS = 500;

/** The time from the last start until everything has ended. */
const END_WITHIN_MS = 180_000;

/** `live` runs through all kills, and until every job has ended or time is up; `close` ends the current runtime. */
export function createLives({ folder, inferenceUrl, works, kills: killCount, random, note, versions }: LivesOptions) {
  const apart = { folder, wakeGraceSeconds: WAKE_GRACE_SECONDS };
  const state = join(folder, "state");
  const stopping = new AbortController();
  const submissions: Submission[] = [];
  const kills: Kill[] = [];
  let runtime: Runtime | undefined;
  let url = "http://127.0.0.1:9"; // nothing listens there
  const client = createClient(() => url, folder);

  async function live(): Promise<void> {
    await migrate(apart);
    const sending: Promise<void>[] = [];
    const perLife = Math.ceil(works.length / (killCount + 1));
    for (let life = 0; life <= killCount; life += 1) {
      const source = (killCount - life) % 2 === 0 ? versions?.newer : versions?.older;
      runtime = await start(source);
      const startedAt = Date.now();
      const isLast = life === killCount;
      const killAfterMs = Math.round(KILL_AFTER_MS.least + random() * (KILL_AFTER_MS.most - KILL_AFTER_MS.least));
      const stopCron = startCron(client);
      try {
        // Some are sent while nothing listens any more.
        for (const work of works.slice(life * perLife, (life + 1) * perLife)) {
          const sent = submitAfter(random() * 1.2 * killAfterMs, work);
          sent.catch((error: unknown) => stopping.abort(error));
          sending.push(sent);
        }
        if (!isLast) {
          await sleep(killAfterMs);
          stopping.signal.throwIfAborted();
          await kill(startedAt);
          const { killedAt, caught } = kills.at(-1)!;
          const kinds = [...Map.groupBy(caught, (task) => task.kind)].map(([kind, tasks]) => `${tasks.length} ${kind}`);
          const stored = caught.filter((task) => task.isStored).length;
          note(
            `kill ${life + 1} after ${killedAt - startedAt} ms caught ${kinds.join(", ") || "nothing"}; stored: ${stored}`,
          );
        } else {
          const tooLate = new Error(`not every job was accepted within ${END_WITHIN_MS / 1000} s of the last start`);
          const timer = setTimeout(() => stopping.abort(tooLate), END_WITHIN_MS);
          await Promise.all(sending).finally(() => clearTimeout(timer));
          note(`all ${works.length} jobs accepted, ${Date.now() - startedAt} ms after the last start`);
          await untilEnded(startedAt + END_WITHIN_MS);
        }
      } finally {
        stopCron();
      }
    }
  }

  async function start(source: string | undefined): Promise<Runtime> {
    const started = await startSomewhere({ inferenceUrl, apart, ...(source && { source }) });
    url = started.url.replace("localhost", "127.0.0.1");
    return started;
  }

  async function kill(startedAt: number): Promise<void> {
    await runtime?.kill();
    const killedAt = Date.now();
    kills.push({ startedAt, killedAt, caught: await readCaught(state) });
    await stayOff(state, OFF_MS);
  }

  async function submitAfter(ms: number, work: Work): Promise<void> {
    await sleep(ms);
    submissions.push({ work, accepted: await client.submit(work.way, stopping.signal) });
  }

  async function untilEnded(deadline: number): Promise<void> {
    while (Date.now() < deadline) {
      stopping.signal.throwIfAborted();
      const open = (await client.list()).filter((job) => job.finishedAt === null).length;
      if (open === 0 && (await hasEveryJob())) return;
      await sleep(500);
    }
    note(`not everything ended within ${END_WITHIN_MS / 1000} s`);
  }

  /** Whether every work has a job. An object put into the bucket becomes one only when the sweep finds it. */
  async function hasEveryJob(): Promise<boolean> {
    const jobs = await client.readJobs();
    return works.every((work) => jobs.some((job) => isOf(job, work) && job.finishedAt !== null));
  }

  async function close(): Promise<void> {
    stopping.abort();
    await runtime?.kill();
  }

  return { live, close, client, submissions, kills };
}

/** Start cron. Returns a function that stops it. */
function startCron(client: Client): () => void {
  let isTicking = false;
  const timer = setInterval(() => {
    if (isTicking) return;
    isTicking = true;
    void client.tick().finally(() => (isTicking = false));
  }, CRON_EVERY_MS);
  return () => clearInterval(timer);
}

async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
