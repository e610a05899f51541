// Reads what D1 and R2 hold at the end, and compares it with the right result of every job's input. None of the product's own code is
// used, except to bring archived jobs back.
import { bringBack } from "../../shared/archive/whole.ts";
import { createHash, type Hash } from "./hash.ts";
import { NEURONS_A_CALL } from "./ai-door.ts";
import { type Call, judgeBills } from "./ledger.ts";
import { type ChaosReport, type Finding, PRUNED_AFTER, type Verdict, WORK_KINDS, type WorkKind } from "./plan.ts";
import { isDeserved, type StoredResult } from "./results.ts";
import type { World } from "./world.ts";
import { sourceOf, type Work, workOf } from "./work.ts";

const PAGE = 200;
const FINDINGS_A_TYPE = 5;
const MAX_ATTEMPTS = 5;
const MAX_LOST = 3;
const PERMANENT = new Set(["3010", "5006", "3030", "5004", "8002"]);

interface EndedJob {
  readonly id: string;
  readonly state: string;
  readonly errorCode: string | null;
  readonly finalizedAt: number | null;
  readonly letters: number;
  /** The number of attempts of the task with the most, without snoozes. */
  readonly mostAttempts: number;
  /** The number of attempts of one task that were lost with their consumer, for the task with the most. */
  readonly mostLost: number;
}

export async function judge(world: World): Promise<ChaosReport> {
  const { plan, calls, counts, clock } = world;
  const digest = createHash();
  const found: Finding[] = [];
  const failed: Record<string, number> = {};
  let [completed, ignored, pruned] = [0, 0, 0];
  await bringAllBack(world);
  const kinds = Object.fromEntries(WORK_KINDS.map((kind) => [kind, { brought: 0, completed: 0 }]));
  for (let from = 0; from < plan.jobs; from += PAGE) {
    const works = Array.from({ length: Math.min(PAGE, plan.jobs - from) }, (_, index) => workOf(from + index, plan));
    const ids = works.map(({ mark }) => world.jobIds.get(mark) ?? "");
    const verdicts = await judgeWorks(world, works, digest);
    for (const [index, now] of verdicts.entries()) {
      const [{ kind }, jobId] = [works[index]!, ids[index]!];
      const before = world.verdicts.get(jobId);
      const isPruned = before !== undefined && now.outcome === "gone" && wasPrunable(world, jobId, before);
      const { outcome, code, finding } = isPruned ? before : now;
      kinds[kind]!.brought += 1;
      if (isPruned) pruned += 1;
      if (outcome === "ignored") ignored += 1;
      if (outcome === "failed" && code !== undefined) failed[code] = (failed[code] ?? 0) + 1;
      if (outcome === "completed") {
        completed += 1;
        kinds[kind]!.completed += 1;
      }
      if (finding !== null) found.push(finding);
    }
  }
  const bill = judgeBills(calls);
  for (const { mark, reason } of bill.doubleBilled) {
    found.push({ type: "double_billed", jobId: world.jobIds.get(mark) ?? "", reason });
  }
  for (const call of calls) {
    digest.add(
      `${call.asked.key} ${call.invocation.id} ${call.askedAt} ${call.billedAt} ${call.keptAt} ${call.outcome}`,
    );
  }
  const count = (type: Finding["type"]) => found.filter((finding) => finding.type === type).length;
  const billed = calls.filter(({ billedAt }) => billedAt !== null).length;
  const budget = plan.budget === undefined ? null : await judgeBudget(world, plan.budget, billed);
  const rows = await world.real.DB.prepare(
    `SELECT (SELECT count(*) FROM attempts) AS attempts, (SELECT count(*) FROM dead_letters) AS letters`,
  ).first<{ attempts: number; letters: number }>();
  return {
    seed: plan.seed,
    fault_rate: plan.faultRate,
    jobs: plan.jobs,
    completed,
    completed_by_kind: Object.fromEntries(
      Object.entries(kinds).map(([kind, of]) => [kind, `${of.completed}/${of.brought}`]),
    ) as Record<WorkKind, string>,
    failed,
    ignored,
    dead_letters: rows?.letters ?? 0,
    archived: world.archived.size,
    pruned,
    lost: count("lost"),
    double_billed: count("double_billed"),
    wrong_result: count("wrong_result"),
    answers_lost_with_consumer: bill.answersLostWithConsumer,
    late_answers: bill.lateAnswers,
    answers_not_stored: bill.answersNotStored,
    days_over_budget: budget?.daysOver ?? null,
    uncounted_neurons: budget?.uncounted ?? null,
    attempts: rows?.attempts ?? 0,
    model_calls: calls.length,
    billed_calls: billed,
    operations: counts.operations,
    faults: counts.faults,
    deaths: counts.deaths,
    real_errors: [...new Set(world.realErrors)].slice(0, 20),
    virtual_seconds: Math.round((clock.now() - Date.UTC(2026, 10, 23, 23)) / 1000),
    wall_seconds: 0, // the command sets it, because it also measures the start
    digest: digest.hex(),
    findings: (["lost", "double_billed", "wrong_result"] as const).flatMap((type) =>
      found.filter((finding) => finding.type === type).slice(0, FINDINGS_A_TYPE),
    ),
  };
}

/**
 * Judge jobs that have ended since the last time: they may be pruned before the run ends. Also note the judged jobs whose rows are gone. At
 * the end of a long run, a job that was lost early would look like one that was pruned.
 */
export async function judgeEnded(world: World): Promise<void> {
  const { real, clock, verdicts, goneAt, archived } = world;
  const { results } = await real.DB.prepare(
    `SELECT id, finalized_at IS NOT NULL AS isEnded, archive_id IS NOT NULL AS isArchived FROM jobs`,
  ).all<{ id: string; isEnded: number; isArchived: number }>();
  const present = new Map(results.map((job) => [job.id, job]));
  for (const { id, isArchived } of results) if (isArchived === 1) archived.add(id);
  for (const id of verdicts.keys()) if (!present.has(id) && !goneAt.has(id)) goneAt.set(id, clock.now());
  const marks = [...world.jobIds].flatMap(([mark, id]) =>
    present.get(id)?.isEnded === 1 && !verdicts.has(id) ? [mark] : [],
  );
  for (let from = 0; from < marks.length; from += PAGE) {
    const works = marks.slice(from, from + PAGE).map((mark) => workOf(Number(mark.slice(1)) - 1, world.plan));
    const judged = await judgeWorks(world, works, createHash());
    for (const [index, { mark }] of works.entries()) verdicts.set(world.jobIds.get(mark)!, judged[index]!);
  }
}

function wasPrunable({ plan, clock, goneAt }: World, jobId: string, { endedAt }: Verdict): boolean {
  const { keepMinutes } = plan;
  if (keepMinutes === undefined || endedAt === null) return false;
  return (goneAt.get(jobId) ?? clock.now()) - endedAt >= PRUNED_AFTER * keepMinutes * 60_000;
}

/** Bring archived jobs back, as a reader does, so that they are judged like all others. */
async function bringAllBack({ real, clock, archived }: World): Promise<void> {
  const { DB: db, MEDIA: media } = real;
  const { results } = await db
    .prepare(`SELECT id, owner_id AS ownerId FROM jobs WHERE archive_id IS NOT NULL ORDER BY id`)
    .all<{ id: string; ownerId: string }>();
  for (const job of results) {
    archived.add(job.id);
    await bringBack({ db, media }, job, Math.floor(clock.now()));
  }
}

async function judgeWorks(world: World, works: readonly Work[], digest: Hash): Promise<readonly Verdict[]> {
  const { calls } = world;
  const refused = new Set(calls.flatMap(({ asked, outcome }) => (PERMANENT.has(outcome) ? asked.mark : [])));
  const ids = works.map(({ mark }) => world.jobIds.get(mark) ?? "");
  const [jobs, results] = await readPage(world, ids, digest);
  const ignoredKeys = await readIgnored(world, works, digest);
  return Promise.all(
    works.map(async (work, index): Promise<Verdict> => {
      const jobId = ids[index] ?? "";
      const job = jobs.get(jobId);
      const endedAt = job?.finalizedAt ?? null;
      const lost = (reason: string): Verdict => ({
        outcome: "lost",
        endedAt,
        finding: { type: "lost", jobId, reason },
      });
      const wrong = (reason: string): Finding => ({ type: "wrong_result", jobId, reason });
      const key = keyOf(work);
      if (job === undefined && key !== null && ignoredKeys.has(key)) {
        const readers = world.lostReaders.get(key) ?? 0;
        const { finding } = lost(`${key} is ignored, and only ${readers} of its readers ended`);
        return { outcome: "ignored", endedAt, finding: readers >= MAX_LOST ? null : finding };
      }
      if (job === undefined) return { ...lost(`${work.kind} ${work.mark} has no row`), outcome: "gone" };
      if (job.state === "completed") {
        const reason = await isDeserved(work, results.get(jobId) ?? { artifacts: [], labels: [] }, world.real.MEDIA);
        const finding = reason === null ? null : wrong(`${work.kind}: ${reason}`);
        return { outcome: "completed", endedAt, finding };
      }
      if (job.state !== "failed") return lost(`${work.kind} is ${job.state} at the end`);
      const code = job.errorCode ?? "no reason";
      if (job.letters === 0) return { ...lost(`failed as ${code} without a dead letter`), outcome: "failed", code };
      const isWornOut = code === "worker_lost" ? job.mostLost >= MAX_LOST : job.mostAttempts >= MAX_ATTEMPTS;
      const isGarbage = code === "unexpected_answer" && nonsense(calls, work.mark) > 1;
      const isJust = isWornOut || refused.has(work.mark) || isGarbage;
      const finding = isJust ? null : wrong(`failed as ${code}, which was not injected`);
      return { outcome: "failed", code, endedAt, finding };
    }),
  );
}

/** The key of the object that announced the work; null for work that a client described. */
function keyOf(work: Work): string | null {
  return work.kind === "picture" || work.kind === "text" ? null : sourceOf(work).key;
}

/** Return the keys of objects that the product has recorded as ignored for good. */
async function readIgnored({ real }: World, works: readonly Work[], digest: Hash): Promise<ReadonlySet<string>> {
  const { results } = await real.DB.prepare(
    `SELECT key FROM uploads WHERE job_id IS NULL AND ignored_reason LIKE '% readers ended while they read the object%'
        AND key IN (SELECT value FROM json_each(?1)) ORDER BY key`,
  )
    .bind(JSON.stringify(works.flatMap((work) => keyOf(work) ?? [])))
    .all<{ key: string }>();
  digest.add(JSON.stringify(results));
  return new Set(results.map(({ key }) => key));
}

/** Count how often the model answered with nonsense. The second time ends the task. */
function nonsense(calls: readonly Call[], mark: string): number {
  return calls.filter(({ asked, outcome }) => asked.mark === mark && outcome === "garbage").length;
}

/** A budget must not be exceeded. It also must not be kept by failing to count. */
async function judgeBudget({ real }: World, neurons: number, billed: number) {
  const row = await real.DB.prepare(
    `SELECT (SELECT count(*) FROM (SELECT sum(neurons) AS spent FROM usage_days WHERE owner_id = '*' GROUP BY day)
              WHERE spent > ?1 + 1e-6) AS daysOver,
            (SELECT coalesce(sum(neurons), 0) FROM usage_days WHERE owner_id = '*')
              + (SELECT coalesce(sum(neurons), 0) FROM reservations) AS counted`,
  )
    .bind(neurons)
    .first<{ daysOver: number; counted: number }>();
  const { daysOver = 0, counted = 0 } = row ?? {};
  // Tolerance for sums of binary fractions.
  const missing = billed * NEURONS_A_CALL - counted;
  return { daysOver, uncounted: missing > 1e-6 ? missing : 0 };
}

async function readPage(
  { real }: World,
  ids: readonly string[],
  digest: Hash,
): Promise<readonly [ReadonlyMap<string, EndedJob>, ReadonlyMap<string, StoredResult>]> {
  const read = (sql: string) => real.DB.prepare(sql).bind(JSON.stringify(ids));
  const [jobs, artifacts, labels, attempts] = await real.DB.batch<Record<string, never>>([
    read(`SELECT j.id, j.state, j.error_code AS errorCode, j.finalized_at AS finalizedAt,
                 (SELECT count(*) FROM dead_letters d WHERE d.job_id = j.id AND d.redriven_at IS NULL) AS letters,
                 (SELECT coalesce(max(c), 0) FROM (SELECT count(*) AS c FROM tasks t JOIN attempts a ON a.task_id = t.id
                   WHERE t.job_id = j.id AND a.outcome <> 'snooze' GROUP BY t.id)) AS mostAttempts,
                 (SELECT coalesce(max(c), 0) FROM (SELECT count(*) AS c FROM tasks t JOIN attempts a ON a.task_id = t.id
                   WHERE t.job_id = j.id AND a.outcome = 'lost' GROUP BY t.id)) AS mostLost
            FROM jobs j WHERE j.id IN (SELECT value FROM json_each(?1))`),
    read(`SELECT job_id AS jobId, name, key, content_type AS contentType, size_bytes AS sizeBytes
            FROM artifacts WHERE job_id IN (SELECT value FROM json_each(?1)) ORDER BY job_id, name`),
    read(`SELECT job_id AS jobId, label, score
            FROM job_labels WHERE job_id IN (SELECT value FROM json_each(?1)) ORDER BY job_id, score DESC`),
    read(`SELECT t.id, a.number, a.outcome, a.started_at, a.finished_at, a.error_code
            FROM tasks t JOIN attempts a ON a.task_id = t.id
           WHERE t.job_id IN (SELECT value FROM json_each(?1)) ORDER BY t.id, a.number`),
  ]);
  for (const result of [jobs, artifacts, labels, attempts]) digest.add(JSON.stringify(result?.results));
  const results = new Map<string, StoredResult>(ids.map((id) => [id, { artifacts: [], labels: [] }]));
  for (const row of artifacts?.results ?? []) results.get(row["jobId"] ?? "")?.artifacts.push(row as never);
  for (const { jobId, label, score } of (labels?.results ?? []) as { jobId?: string; label?: never; score?: never }[]) {
    results.get(jobId ?? "")?.labels.push({ label: label!, score: score! });
  }
  return [new Map((jobs?.results ?? []).map((row) => [row["id"] ?? "", row as unknown as EndedJob])), results];
}
