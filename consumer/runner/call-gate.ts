// What stands before every call to a model of one batch: budgets, and the platform's refusal of the whole account.
import { type ModelCall, sentCall } from "../../shared/models/model-call.ts";
import type { ModelRunner } from "../../shared/models/run-model.ts";
import type { AccountHold } from "../../shared/db/cost/holds.ts";
import { type Reservation, reserveCalls } from "../../shared/db/cost/reservations.ts";
import type { Task } from "../../shared/jobs/task.ts";
import { holdOf } from "../../shared/models/allocation.ts";

export interface CallGate {
  /** @throws CallRefused, or the error that the platform refused the account with. */
  pass(task: Task, number: number, call: ModelCall): Promise<void>;
  /** Look at an error of a call that began at `askedAt`. */
  note(error: unknown, askedAt: number): void;
  /** Since the platform refused the account: nothing passes any more. */
  readonly hold: AccountHold | null;
}

export function callGate(db: D1Database): CallGate {
  const refused: { error?: Error; hold: AccountHold | null } = { hold: null };
  const reserve = reserver(db);
  const throwIfRefused = () => {
    if (refused.error !== undefined) throw refused.error;
  };
  return {
    async pass(task, number, call) {
      throwIfRefused();
      if (task.isBudgeted) await reserve({ taskId: task.id, leaseId: task.leaseId, number, call });
      throwIfRefused();
    },
    note(error, askedAt) {
      if (!(error instanceof Error) || refused.error !== undefined) return;
      const hold = holdOf(error, { askedAt, now: Date.now(), random: Math.random });
      if (hold === null) return;
      refused.error = error;
      refused.hold = hold;
    },
    get hold() {
      return refused.hold;
    },
  };
}

/** A runner whose calls pass the gate first. */
export function gated(models: ModelRunner, gate: CallGate, task: Task): ModelRunner {
  let number = 0;
  return {
    async run(model, inputs, expected) {
      number += 1;
      await gate.pass(task, number, sentCall(model, expected));
      const askedAt = Date.now();
      try {
        return await models.run(model, inputs, expected);
      } catch (error) {
        gate.note(error, askedAt);
        throw error;
      }
    },
  };
}

/** Calls that begin while D1 is being asked about others are asked about together. */
function reserver(db: D1Database): (asked: Reservation) => Promise<void> {
  interface Waiting {
    readonly asked: Reservation;
    readonly settle: (refusal: Error | null) => void;
    readonly fail: (reason: unknown) => void;
  }
  let waiting: Waiting[] = [];
  let isAsking = false;
  async function askAll(): Promise<void> {
    isAsking = true;
    while (waiting.length > 0) {
      const together = waiting;
      waiting = [];
      try {
        const refusals = await reserveCalls(
          db,
          together.map(({ asked }) => asked),
          Date.now(),
        );
        for (const [index, { settle }] of together.entries()) settle(refusals[index] ?? null);
      } catch (error) {
        for (const { fail } of together) fail(error);
      }
    }
    isAsking = false;
  }
  return (asked) =>
    new Promise((resolve, reject) => {
      const settle = (refusal: Error | null) => (refusal === null ? resolve() : reject(refusal));
      waiting.push({ asked, settle, fail: reject });
      if (!isAsking) void askAll();
    });
}
