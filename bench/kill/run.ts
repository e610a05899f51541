// `npm run chaos:kill`: the last line of output is JSON. The exit code is 0 only if nothing was lost, wrong or paid for twice.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type KillArguments, readArguments } from "./arguments.ts";
import { judgeBill, judgeJobs } from "./judge.ts";
import { openLedger } from "./ledger.ts";
import { createLives } from "./lives.ts";
import { createRandom } from "../../local/seeded-random.ts";
import { prepareVersions } from "./versions.ts";
import { planWork } from "./work.ts";

/** How long a model takes. Kills then hit calls in progress, answers in transit, and results that are half stored. */
const MODEL_MS = { least: 100, most: 1500 };

try {
  process.exitCode = await run(readArguments(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

/** Run the kills, and return the exit code. */
async function run({ json, kills, jobs, seed, upgrade, from }: KillArguments): Promise<number> {
  const note = (message: string) => json || process.stderr.write(`${message}\n`);
  const startedAt = performance.now();
  const random = createRandom(seed, 0);
  // A separate sequence: the number of calls depends on the kills, and must not change them.
  const modelRandom = createRandom(seed + 1, 0);
  const works = planWork(jobs);
  const folder = await mkdtemp(join(tmpdir(), "darkroom-kill-"));
  // Before anything listens, because a failure here ends the process.
  const versions = upgrade ? await prepareVersions(folder, from) : null;
  const ledger = await openLedger(() => MODEL_MS.least + modelRandom() * (MODEL_MS.most - MODEL_MS.least));
  const lives = createLives({ folder, inferenceUrl: ledger.url, works, kills, random, note, versions });
  const cleanUp = async () => {
    try {
      await lives.close();
    } finally {
      // A process that cannot be ended must not keep this one from saying so.
      await ledger.close();
      await rm(folder, { recursive: true, force: true });
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
  }
  try {
    note(`${jobs} jobs, ${kills} kills, seed ${seed}`);
    await lives.live();
    const { complaints, ...verdict } = await judgeJobs(lives.client, lives.submissions, lives.kills);
    const { complaints: overcharged, ...bill } = judgeBill(
      ledger.calls,
      await lives.client.readJobs(),
      works,
      lives.kills,
    );
    for (const complaint of [...complaints, ...overcharged]) note(complaint);
    const { completed, failed, lost, wrong_result, attempts, twins } = verdict;
    const letters = await lives.client.countLetters();
    const sentAgain = lives.submissions.reduce((sum, { accepted }) => sum + accepted.tries - 1, 0);
    const { double_billed, ...boughtAgain } = bill;
    const putOff = (await lives.client.readJobs())
      .flatMap(({ attempts: all }) => all)
      .filter(({ error }) => error?.code === "newer_version").length;
    const line = {
      case: upgrade ? "chaos.upgrade" : "chaos.kill",
      jobs: lives.submissions.length,
      completed,
      failed,
      dead_letters: letters,
      lost,
      double_billed,
      wrong_result,
      attempts,
      wall_seconds: Math.round((performance.now() - startedAt) / 100) / 10,
      kills: lives.kills.length,
      seed,
      ...boughtAgain,
      calls: ledger.calls.length,
      calls_cut: ledger.calls.filter((call) => call.deliveredAt === null).length,
      leases_cut: lives.kills.reduce((sum, kill) => sum + kill.caught.length, 0),
      sent_again: sentAgain,
      twins,
      ...(upgrade && { put_off: putOff }),
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    return lost + double_billed + wrong_result === 0 ? 0 : 1;
  } finally {
    await cleanUp();
  }
}
