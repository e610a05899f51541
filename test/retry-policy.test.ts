// Properties of the outcome of a failed attempt, for everything that can fail.
import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { Remedy } from "../shared/models/error-table.ts";
import { failureOf, asModelError, refusal } from "../shared/models/model-error.ts";
import { nextAllocationAt } from "../shared/models/allocation.ts";
import { backoffMs, decide, decideRefused } from "../consumer/runner/retry-policy.ts";
import { periodsAt } from "../shared/cost/budget.ts";

const DAY_MS = 86_400_000;
const chances = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const times = fc.integer({ min: 0, max: 4_000_000_000_000 });
const attempts = fc.integer({ min: 1, max: 500 });

const situation = fc
  .record({
    remedy: fc.constantFrom<Remedy>("retry", "retry_once", "snooze", "hold", "discard"),
    attempt: attempts,
    more: fc.integer({ min: 0, max: 20 }),
    ageMs: fc.integer({ min: 0, max: 20 * DAY_MS }),
    now: times,
    random: chances,
    hasFailedSo: fc.boolean(),
  })
  .map(({ remedy, attempt, more, ageMs, now, random, hasFailedSo }) => {
    const task = { attempt, maxAttempts: attempt + more, createdAt: now - ageMs };
    const failure = { code: "x", message: "y" };
    const outcome = decide({ remedy, failure }, task, { now, random: () => random, hasFailedSo });
    return { remedy, task, ageMs, now, hasFailedSo, outcome };
  });

test("a backoff grows, is capped, and strays by a tenth at most", () => {
  fc.assert(
    fc.property(attempts, chances, (attempt, chance) => {
      const nominal = Math.min(10_000 * 2 ** (attempt - 1), 900_000);
      const wait = backoffMs(attempt, () => chance);
      expect(wait).toBeGreaterThanOrEqual(Math.floor(nominal * 0.9));
      expect(wait).toBeLessThanOrEqual(Math.ceil(nominal * 1.1));
      // Even at the extremes of both, a later attempt waits at least about as long as the previous one.
      expect(backoffMs(attempt + 1, () => 0)).toBeGreaterThanOrEqual(backoffMs(attempt, () => 1) * 0.8);
    }),
  );
});

test("the next allocation is the coming midnight UTC, spread over five minutes; just after one it is asked for again", () => {
  fc.assert(
    fc.property(times, chances, (at, chance) => {
      const next = nextAllocationAt(at, () => chance);
      // A lease may be taken slightly early, but not before the day begins.
      const isRecounted = at % DAY_MS < 15 * 60_000;
      const earliest = isRecounted ? at + 15 * 60_000 : (Math.floor(at / DAY_MS) + 1) * DAY_MS;
      expect(next - earliest).toBeGreaterThanOrEqual(5000);
      expect(next - earliest).toBeLessThanOrEqual(5 * 60_000);
    }),
  );
});

test("a budget holds until its reset, however long; a call that no reset can help is discarded", () => {
  const failure = { code: "x", message: "y" };
  const task = { attempt: 9 };
  fc.assert(
    fc.property(times, chances, fc.integer({ min: 1, max: 31 * DAY_MS }), (now, chance, waitMs) => {
      const random = () => chance;
      const until = now + waitMs;
      const held = decideRefused({ type: "hold", failure, until, budgets: [] }, task, { now, random });
      expect(held.type).toBe("snooze");
      expect("scheduledAt" in held ? held.scheduledAt - until : -1).toBeGreaterThanOrEqual(0);
      const waits = decideRefused({ type: "wait", failure }, task, { now, random });
      expect("scheduledAt" in waits ? waits.scheduledAt : 0).toBeGreaterThan(now);
      expect(decideRefused({ type: "discard", failure }, task, { now, random }).type).toBe("discard");
    }),
  );
});

test("days and months are UTC's, leap years and year's ends too", () => {
  const at = (iso: string) => periodsAt(Date.parse(iso));
  expect(at("2028-02-29T23:59:59.999Z").day.resetsAt).toBe(Date.UTC(2028, 2, 1));
  expect(at("2028-02-01T00:00:00Z").month).toEqual({
    firstDay: Date.UTC(2028, 1) / DAY_MS,
    resetsAt: Date.UTC(2028, 2),
  });
  expect(at("2026-12-31T12:00:00Z").month.resetsAt).toBe(Date.UTC(2027, 0));
  expect(at("2026-12-31T12:00:00Z").month.firstDay).toBe(Date.UTC(2026, 11) / DAY_MS);
});

test("nothing is tried for ever, nothing waits in the past, and attempts are never exceeded", () => {
  fc.assert(
    fc.property(situation, ({ remedy, task, ageMs, now, hasFailedSo, outcome }) => {
      expect("scheduledAt" in outcome ? outcome.scheduledAt : Infinity).toBeGreaterThan(now);
      const isPaidTwice = remedy === "retry_once" && hasFailedSo;
      const isTried = remedy === "retry" || remedy === "retry_once";
      const isSpent = isTried ? isPaidTwice || task.attempt >= task.maxAttempts : ageMs > 7 * DAY_MS;
      const otherwise = remedy === "hold" ? "snooze" : isTried ? "retry" : remedy;
      expect(outcome.type).toBe(isSpent ? "discard" : otherwise);
    }),
    { numRuns: 1000 },
  );
});

const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 5000 }),
  fc.integer().map((code) => `${code}: text`),
);

test("every error of a model or the binding is a ModelError: a code for programs, a short sentence for people", () => {
  return fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 300, max: 599 }), async (text, status) => {
      const thrown = await asModelError(() => Promise.reject(new Error(text))).catch((error: unknown) => error);
      for (const error of [refusal(status, text), thrown]) {
        const { failure, remedy } = failureOf(error);
        expect(failure.code).toMatch(/^[a-z_]+$/);
        expect(failure.message.length).toBeLessThan(1200);
        expect(["retry", "retry_once", "snooze", "hold", "discard"]).toContain(remedy);
      }
    }),
    { numRuns: 1000 },
  );
});

test("an error that does not come from a model never counts as one, whatever it quotes", () => {
  fc.assert(
    fc.property(
      fc.oneof(texts, fc.constantFrom("get: 3040: Capacity", "3036: x", "429 Too Many Requests", "NSFW")),
      (text) => {
        expect(failureOf(new Error(text))).toMatchObject({ remedy: "retry", failure: { code: "unexpected_error" } });
      },
    ),
  );
});
