import type { JobView } from "../../test/views.ts";
import type { Accepted, Client } from "./client.ts";
import type { CaughtTask } from "./disk.ts";
import type { Call } from "./ledger.ts";
import { questionOf, type Work } from "./work.ts";

/** One life of the runtime, which a kill ended. */
export interface Kill {
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly killedAt: number;
  readonly caught: readonly CaughtTask[];
}

export interface Submission {
  readonly work: Work;
  readonly accepted: Accepted;
}

export interface Verdict {
  readonly completed: number;
  /** The number of failed jobs for each reason. */
  readonly failed: Readonly<Record<string, number>>;
  readonly lost: number;
  readonly wrong_result: number;
  /** Jobs from requests whose answer never came: the client sent them again, and both were accepted. */
  readonly twins: number;
  readonly attempts: number;
  /** Descriptions of what is wrong, for people. */
  readonly complaints: readonly string[];
}

/** Judge whether every accepted job ended with the right result. Jobs that no client learned of are judged as well. */
export async function judgeJobs(
  client: Client,
  submissions: readonly Submission[],
  kills: readonly Kill[],
): Promise<Verdict> {
  const jobs = await client.readJobs();
  const complaints: string[] = [];
  const counts = { completed: 0, lost: 0, wrong_result: 0, twins: 0, attempts: 0 };
  const failed: Record<string, number> = {};
  const accepted = new Set<JobView>();
  for (const { work, accepted: answer } of submissions) {
    const job = jobs.find((one) => (answer.jobId === null ? isOf(one, work) : one.id === answer.jobId));
    if (job?.finishedAt == null) {
      counts.lost += 1;
      complaints.push(
        `${work.tag} (${work.way.type}) is lost: ${job === undefined ? "there is no such job" : describe(job)}`,
      );
    }
    if (job !== undefined) accepted.add(job);
  }
  for (const job of jobs) {
    counts.attempts += job.attempts.length;
    const work = submissions.find((one) => isOf(job, one.work))?.work;
    if (!accepted.has(job)) counts.twins += 1;
    else if (job.state === "completed") counts.completed += 1;
    else if (job.state === "failed") {
      const code = job.error?.code ?? "no reason";
      failed[code] = (failed[code] ?? 0) + 1;
    }
    const wrong = await wrongIn(job, work, client, kills);
    if (wrong === null) continue;
    counts.wrong_result += 1;
    complaints.push(`${work?.tag ?? "unknown"} ${describe(job)}: ${wrong}`);
  }
  return { ...counts, failed, complaints };
}

async function wrongIn(
  job: JobView,
  work: Work | undefined,
  client: Client,
  kills: readonly Kill[],
): Promise<string | null> {
  if (work === undefined) return "no client submitted it";
  if (job.finishedAt === null) return null; // counted as lost above
  if (job.state === "completed") {
    const bytes = await client.readArtifact(job.id, work.expected.artifact);
    if (bytes === null) return `it has no ${work.expected.artifact}`;
    return work.expected.isRight(bytes) ? null : `its ${work.expected.artifact} is ${bytes.toString().slice(0, 200)}`;
  }
  const caught = kills.map((kill) => kill.caught.filter(({ jobId }) => jobId === job.id).length);
  const runs = job.attempts.map(({ taskId, number, outcome, startedAt, durationMs }) =>
    [taskId.split(".").at(-1), number, outcome, startedAt, `${durationMs} ms`].join(" "),
  );
  return `${job.error?.code}: ${job.error?.message} Tasks caught at each kill: ${caught.join(" ")}. ${runs.join("; ")}`;
}

export interface Bill {
  readonly double_billed: number;
  /** Answers delivered after the first, for whatever reason. */
  readonly bought_again: number;
  /** The part of these that was bought although the first answer was complete in the bucket and only its settlement was missing. */
  readonly bought_though_stored: number;
  readonly complaints: readonly string[];
}

/**
 * Judge the calls. An answer may be bought again if the consumer was killed between buying it and settling its task. An answer
 * that was settled may not.
 */
export function judgeBill(
  calls: readonly Call[],
  jobs: readonly JobView[],
  works: readonly Work[],
  kills: readonly Kill[],
): Bill {
  const bill = { double_billed: 0, bought_again: 0, bought_though_stored: 0 };
  const complaints: string[] = [];
  const delivered = calls.filter((call) => call.deliveredAt !== null);
  for (const [question, answers] of Map.groupBy(delivered, (call) => call.question)) {
    const work = works.find((one) => question.includes(one.tag));
    // A job that exists twice may ask twice.
    const askers = work === undefined ? 0 : jobs.filter((job) => isOf(job, work)).length;
    let excused = 0;
    for (const kill of kills) {
      const unsettled = kill.caught.filter((task) => work !== undefined && isAsking(task, work, question));
      const bought = answers.filter((call) => call.askedAt >= kill.startedAt && call.askedAt <= kill.killedAt);
      excused += Math.min(bought.length, unsettled.length);
      const isAgain = answers.some((call) => call.askedAt > kill.killedAt);
      if (isAgain) bill.bought_though_stored += unsettled.filter((task) => task.isStored).length;
    }
    const again = Math.max(0, answers.length - askers);
    bill.bought_again += again;
    if (again <= excused) continue;
    bill.double_billed += again - excused;
    complaints.push(
      `'${question}' was answered ${answers.length} times for ${askers} jobs, ${excused} of them because of a kill`,
    );
  }
  return { ...bill, complaints };
}

function isAsking(task: CaughtTask, work: Work, question: string): boolean {
  return task.args.includes(work.tag) && questionOf(task, work) === question;
}

export function isOf(job: JobView, work: Work): boolean {
  return JSON.stringify(job.input).includes(work.tag);
}

function describe(job: JobView): string {
  return `${job.id} (${job.kind}, ${job.state}, ${job.attempts.length} attempts)`;
}
