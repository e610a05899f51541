import type { RedriveRow } from "../db/redrives/redrives.ts";
import { reopenMessage, takeMessage, redriveTasks, type TaskLetter } from "../db/redrives/letters.ts";
import { stopRedrive } from "../db/redrives/ends.ts";
import {
  findPending,
  findUnfinished,
  finishRedrive,
  passCanary,
  type PendingLetter,
  readCanary,
  replaceCanary,
  reserveUntil,
  skipLetters,
  takeUnfinished,
} from "../db/redrives/steps.ts";
import { announce } from "../jobs/announce.ts";
import type { Intake } from "../jobs/intake.ts";
import { TaskMessage } from "../jobs/task.ts";

/** What a redrive may touch. Unreadable messages are sent to the queue that they came from. */
export interface RedriveDeps extends Pick<Intake, "db" | "tasks" | "journal"> {
  readonly uploads: Queue;
}

const REDRIVES_A_RUN = 100;

/** Cron runs each minute, so letters get their times this far ahead. */
const AHEAD_MS = 60_000;

/** A statement's parameter stays well below the 2 MB that D1 binds. */
const LETTERS_A_PAGE = 1000;

/** Each message takes a round trip and a call to the queue, and an invocation has 1,000 of them. */
const MESSAGES_A_STEP = 200;

/** Each costs up to three round trips: letters at the head whose job was cancelled must not hold up the redrive for long. */
const CANARIES_A_STEP = 20;

/** Advance every redrive as far as its canary and its rate allow. @returns how many letters were redriven. */
export async function advanceRedrives(deps: RedriveDeps, now: number): Promise<number> {
  let count = 0;
  for (const redrive of await takeUnfinished(deps.db, now, REDRIVES_A_RUN)) {
    try {
      count += await advance(redrive, deps, now);
    } catch (error) {
      // Nothing is lost: the letters are still held, and the next run continues. The error must not hold up the other redrives.
      deps.journal.fault({ event: "redrive.failed", ownerId: redrive.ownerId }, error, { redriveId: redrive.id });
    }
  }
  return count;
}

/** Do the same for a redrive that was just created. */
export async function advanceRedrive(id: string, deps: RedriveDeps, now: number): Promise<void> {
  try {
    const redrive = await findUnfinished(deps.db, id);
    if (redrive !== null) await advance(redrive, deps, now);
  } catch (error) {
    deps.journal.fault({ event: "redrive.failed" }, error, { redriveId: id });
  }
}

async function advance(redrive: RedriveRow, deps: RedriveDeps, now: number): Promise<number> {
  let count = 0;
  let current: RedriveRow | null = redrive;
  for (let tried = 0; current?.state === "canary" && tried < CANARIES_A_STEP; tried += 1) {
    const step = await tryCanary(current, deps, now);
    if (step === "sent") count += 1;
    if (step !== "moved") break;
    current = await findUnfinished(deps.db, redrive.id);
  }
  if (current?.state === "running") count += await redriveNext(current, deps, now);
  if (await finishRedrive(deps.db, redrive.id, now)) {
    deps.journal.record({ event: "redrive.ended", ownerId: redrive.ownerId }, { redriveId: redrive.id });
  }
  return count;
}

/** @returns `moved` if the redrive must be read again: it has another canary, or none any more. */
async function tryCanary(redrive: RedriveRow, deps: RedriveDeps, now: number): Promise<"sent" | "moved" | "waiting"> {
  const canary = await readCanary(deps.db, redrive);
  switch (canary?.fate) {
    case "running":
      return "waiting";
    case "completed":
      await passCanary(deps.db, redrive.id);
      return "moved";
    case "failed":
    case "cancelled": {
      const reason =
        canary.fate === "cancelled"
          ? `The canary '${canary.id}' went first, and its job was cancelled.`
          : `The canary '${canary.id}' failed again: ${canary.code ?? "unknown"}: ${canary.reason ?? ""}`;
      if (await stopRedrive(deps.db, redrive, reason, now)) {
        const { id: redriveId, ownerId } = redrive;
        deps.journal.record(
          { event: "redrive.stopped", ownerId, code: canary.code ?? undefined },
          { redriveId, canary: canary.id },
        );
      }
      return "moved";
    }
    case "pending":
      if ((await redrivePage(redrive, [{ ...canary, scheduledAt: now }], deps, now)) > 0) return "sent";
      return "moved";
    case "skipped":
    case undefined:
      await replaceCanary(deps.db, redrive);
      return "moved";
  }
}

/** Give times to as many letters as the rate allows until the next run. */
async function redriveNext(redrive: RedriveRow, deps: RedriveDeps, now: number): Promise<number> {
  const apartMs = 1000 / redrive.ratePerSecond;
  const from = Math.max(redrive.nextAt, now);
  const room = Math.max(0, Math.ceil((now + AHEAD_MS - from) / apartMs));
  const letters = await findPending(deps.db, redrive.id, room);
  if (letters.length === 0) return 0;
  // The times are reserved before they are used: a run that dies in between leaves times unused, and none is used twice.
  if (!(await reserveUntil(deps.db, redrive, Math.ceil(from + letters.length * apartMs)))) return 0;
  const planned = letters.map((letter, index) => ({ ...letter, scheduledAt: Math.round(from + index * apartMs) }));
  const tasks = planned.flatMap(({ taskId, ...letter }) => (taskId === null ? [] : [{ ...letter, taskId }]));
  let count = 0;
  for (let start = 0; start < tasks.length; start += LETTERS_A_PAGE) {
    count += await redrivePage(redrive, tasks.slice(start, start + LETTERS_A_PAGE), deps, now);
  }
  for (const message of planned.filter(({ taskId }) => taskId === null).slice(0, MESSAGES_A_STEP)) {
    if (await sendAgain(redrive, message, deps, now)) count += 1;
  }
  return count;
}

async function redrivePage(
  redrive: RedriveRow,
  letters: readonly TaskLetter[],
  deps: RedriveDeps,
  now: number,
): Promise<number> {
  const rows = letters.map(({ id, taskId, scheduledAt }) => ({ id, taskId, scheduledAt }));
  const changes = await redriveTasks(deps.db, rows, { now, redriveId: redrive.id });
  await announce(changes, deps, now);
  const redriven = new Set(changes.redriven.map(({ letterId }) => letterId));
  const refused = rows.flatMap(({ id }) => (redriven.has(id) ? [] : [id]));
  if (refused.length > 0) await skipLetters(deps.db, redrive.id, refused);
  return redriven.size;
}

async function sendAgain(
  redrive: RedriveRow,
  { id, scheduledAt }: PendingLetter & { readonly scheduledAt: number },
  deps: RedriveDeps,
  now: number,
): Promise<boolean> {
  const message = await takeMessage(deps.db, id, { now, redriveId: redrive.id });
  if (message === null) return false;
  const actor = { ownerId: redrive.ownerId, actor: "system" };
  return sendMessage({ ...message, id, delaySeconds: Math.ceil((scheduledAt - now) / 1000) }, deps, { actor, now });
}

/**
 * Send the message of a letter that was taken for it. @returns false if the queue did not accept it; the letter is then open
 * again.
 */
export async function sendMessage(
  { id, body, delaySeconds }: { id: string; body: string; delaySeconds: number },
  deps: RedriveDeps,
  { actor, now }: { actor: { ownerId: string; actor: string }; now: number },
): Promise<boolean> {
  try {
    const message: unknown = JSON.parse(body);
    const to: Queue = TaskMessage.safeParse(message).success ? deps.tasks : deps.uploads;
    await to.send(message, { delaySeconds });
    return true;
  } catch (error) {
    deps.journal.fault({ event: "redrive.unsent", ownerId: actor.ownerId }, error, { deadLetterId: id });
    await reopenMessage(deps.db, id, { now, actor, reason: String(error) });
    return false;
  }
}
