// Random walks compare the state machine with a small model.
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { findExpiredLeases } from "../shared/db/jobs/maintenance.ts";
import type { Outcome } from "../shared/jobs/outcome.ts";
import { startDarkroom } from "./harness.ts";
import { FAILURE, LEASE_MS, type Leased, START, transitioning, OUTCOMES } from "./transitioning.ts";
import { sampled } from "./long.ts";

const darkroom = startDarkroom();
const { clock, insert, lease, settle, cancel, stop, redrive, state } = transitioning(darkroom);

const STEPS = [
  "lease",
  "complete",
  "retry",
  "snooze",
  "discard",
  "late",
  "expire",
  "cancel",
  "stop",
  "redrive",
  "wait",
] as const;
type Step = (typeof STEPS)[number];
const ATTEMPTS = 5;
const WALKS = sampled(12, 120);

function outcomeOf(step: "complete" | "discard" | "retry" | "snooze", scheduledAt: number): Outcome {
  if (step === "complete") return OUTCOMES.completed;
  return step === "discard" ? OUTCOMES.discard : { type: step, failure: FAILURE, scheduledAt };
}

/** The states of a job and its only task, and the effect of each step. It was written from the documentation, not from the SQL. */
interface Model {
  job: string;
  task: string;
  attempt: number;
  left: number;
  dueAt: number;
  leasedAt: number;
}

test("random walks end where the model says, step by step", async () => {
  const { DB } = darkroom.bindings();
  // Some steps are more frequent, so that walks reach a redrive.
  const more = ["lease", "lease", "lease", "lease", "discard", "discard", "redrive", "redrive", "redrive"] as const;
  const walks = fc.array(fc.constantFrom<Step>(...STEPS, ...more), { minLength: 12, maxLength: 16 });
  let redriven = 0;
  for (const walk of fc.sample(walks, { numRuns: WALKS, seed: 20261123 })) {
    await DB.batch([DB.prepare("DELETE FROM jobs"), DB.prepare("DELETE FROM dead_letters")]);
    clock.now = START;
    await insert("job_1");
    const model: Model = { job: "queued", task: "available", attempt: 0, left: ATTEMPTS, dueAt: START, leasedAt: 0 };
    let held: Leased | undefined;
    let former: Leased | undefined;
    for (const step of walk) {
      clock.now += 10;
      const { now } = clock;
      const isRunning = model.task === "running";
      const isOpen = ["queued", "running"].includes(model.job);
      let [did, should] = [0, 0];
      switch (step) {
        case "wait":
          clock.now += 500;
          break;
        case "lease": {
          const [task] = await lease();
          did = task === undefined ? 0 : 1;
          should = ["available", "retryable"].includes(model.task) && model.dueAt <= now + 1500 ? 1 : 0;
          held = task ?? held;
          if (did) Object.assign(model, { job: "running", task: "running", attempt: model.attempt + 1, leasedAt: now });
          break;
        }
        case "complete":
        case "discard":
        case "retry":
        case "snooze": {
          if (held === undefined) break;
          const dueAt = now + 5000;
          did = await settle(held, outcomeOf(step, dueAt));
          should = isRunning ? 1 : 0;
          if (!isRunning) break;
          former = held;
          held = undefined;
          if (step === "complete") Object.assign(model, { job: "completed", task: "completed" });
          else if (step === "discard") Object.assign(model, { job: "failed", task: "discarded" });
          else Object.assign(model, { task: "retryable", dueAt, left: model.left + (step === "snooze" ? 1 : 0) });
          break;
        }
        case "late":
          did = former === undefined ? 0 : await settle(former, OUTCOMES.completed);
          break;
        case "expire": {
          for (const task of await findExpiredLeases(DB, now, 10)) {
            did += await settle(task, outcomeOf("retry", now), true);
            former = held;
            held = undefined;
          }
          should = isRunning && now > model.leasedAt + LEASE_MS ? 1 : 0;
          if (should) Object.assign(model, { task: "retryable", dueAt: now, left: model.left + 1 });
          break;
        }
        case "cancel":
        case "stop": {
          did = (step === "cancel" ? await cancel("job_1") : await stop("job_1")).endedJobs.length;
          should = isOpen ? 1 : 0;
          if (isOpen) Object.assign(model, { job: step === "cancel" ? "cancelled" : "failed", task: "cancelled" });
          break;
        }
        case "redrive": {
          did = (await redrive()) ? 1 : 0;
          should = model.task === "discarded" ? 1 : 0;
          redriven += did;
          const again = { job: "queued", task: "available", left: model.attempt + ATTEMPTS, dueAt: now };
          if (should) Object.assign(model, again);
          break;
        }
      }
      expect({ walk, step, did }).toEqual({ walk, step, did: should });
      if (model.attempt >= model.left) break; // the policy decides what follows the last attempt, and has its own tests
      const { job, task } = await state();
      expect({ walk, job, task }).toEqual({ walk, job: model.job, task: model.task });
    }
  }
  expect(redriven).toBeGreaterThan(WALKS / 12);
}, 240_000);
