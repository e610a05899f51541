// Every call of a batch to a model passes this gate. It checks the budgets, and whether the platform refuses the whole account.
import { type Reservation, reserveCalls } from "../../shared/db/cost/reservations.ts";
import type { Task } from "../../shared/jobs/task.ts";
import { type ModelCall, sentCall } from "../../shared/models/model-call.ts";
import type { ModelRunner } from "../../shared/models/run-model.ts";
import { createHeldAccount, type HeldAccount } from "./account-hold.ts";

export interface CallGate extends Pick<HeldAccount, "hold" | "note"> {
  /** @throws CallRefused, or the error with which the platform refused the account: after that error no call passes. */
  pass(task: Task, call: ModelCall): Promise<void>;
}

export function callGate(db: D1Database): CallGate {
  const account = createHeldAccount();
  const reserve = reserveTogether(db);
  /** How many calls each task has made. */
  const numbers = new Map<string, number>();
  return {
    async pass(task, call) {
      const number = (numbers.get(task.id) ?? 0) + 1;
      numbers.set(task.id, number);
      account.throwIfHeld();
      if (task.isBudgeted) await reserve({ taskId: task.id, leaseId: task.leaseId, number, call });
      account.throwIfHeld();
    },
    note: (error, askedAt) => account.note(error, askedAt),
    get hold() {
      return account.hold;
    },
  };
}

/** Return a runner whose calls pass the gate first. */
export function gated(models: ModelRunner, gate: CallGate, task: Task): ModelRunner {
  return {
    async run(model, inputs, expected) {
      await gate.pass(task, sentCall(model, expected));
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

interface Waiting {
  readonly asked: Reservation;
  readonly settle: (refusal: Error | null) => void;
  readonly fail: (reason: unknown) => void;
}

/**
 * Reserve the calls of one batch. Calls that begin while D1 is asked about others are collected and asked about together.
 * @returns a function that throws CallRefused if a budget does not allow the call.
 */
function reserveTogether(db: D1Database): (asked: Reservation) => Promise<void> {
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
