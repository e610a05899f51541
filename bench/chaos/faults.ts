// What can go wrong at each door. The fault rate is the share of a door's operations that fail; the weights choose the fault.
import { pick, pickWeighted, type Random } from "../../local/seeded-random.ts";

export type DoorName = "d1" | "r2.read" | "r2.write" | "queue" | "ai";

/** `before` and `after` refer to the effect. After it, only the answer is lost. */
export type Fault = "error_before" | "error_after" | "broken_body" | "dropped" | "die_before" | "die_after" | AiFault;

export type AiFault =
  | "transient_code"
  | "no_capacity"
  | "hold"
  | "permanent_code"
  | "network_before"
  | "network_after"
  | "silence"
  | "garbage"
  | "slow"
  | "late";

type Weights = Readonly<Partial<Record<Fault, number>>>;

const WEIGHTS: Readonly<Record<DoorName, Weights>> = {
  d1: { error_before: 60, error_after: 34, die_before: 3, die_after: 3 },
  "r2.read": { error_before: 77, broken_body: 20, die_before: 1.5, die_after: 1.5 },
  "r2.write": { error_before: 60, error_after: 34, die_before: 3, die_after: 3 },
  queue: { error_before: 30, error_after: 30, dropped: 30, die_before: 5, die_after: 5 },
  ai: {
    transient_code: 30,
    no_capacity: 10,
    hold: 0.3, // at most two a run
    permanent_code: 3,
    network_before: 12,
    network_after: 3,
    silence: 5,
    garbage: 12,
    slow: 18,
    late: 2,
    die_before: 2,
    die_after: 2.7,
  },
};

/** Draw the fault of one operation; null for none. */
export function drawFault(door: DoorName, rate: number, random: Random): Fault | null {
  return random() < rate ? pickWeighted(random, WEIGHTS[door]) : null;
}

// The first three are the ones that D1's documentation says to repeat.
const D1_ERRORS = [
  "D1_ERROR: Network connection lost.",
  "D1_ERROR: Internal error in D1 DB storage caused object to be reset.",
  "D1_ERROR: D1 DB is overloaded. Too many requests queued.",
  "D1_ERROR: internal error; reference = 0123456789",
  "D1_ERROR: D1 DB exceeded its CPU time limit and was reset.",
] as const;
const R2_ERRORS = [
  "We encountered an internal error. Please try again. (10001)",
  "Reduce your concurrent request rate for the same object. (10058)",
  "Network connection lost.",
] as const;
const QUEUE_ERRORS = ["Queue sendBatch failed: Too Many Requests", "Network connection lost."] as const;

export function errorOf(door: DoorName, random: Random): Error {
  if (door === "d1") return new Error(pick(random, D1_ERRORS));
  if (door === "queue") return new Error(pick(random, QUEUE_ERRORS));
  if (door === "ai") return new Error("Network connection lost.");
  return new Error(pick(random, R2_ERRORS));
}

/** Real codes of Workers AI, by the reaction that they need, with their HTTP statuses. */
const CODES = {
  transient_code: [
    [3007, 408],
    [3008, 408],
    [3043, 500],
    [7009, 500],
  ],
  no_capacity: [[3040, 429]],
  hold: [
    [3036, 429],
    [4006, 429],
  ],
  permanent_code: [
    [3010, 400],
    [5006, 400],
    [3030, 400],
    [5004, 400],
    [8002, 400],
  ],
} as const;

export function isCodeFault(fault: Fault | null): fault is keyof typeof CODES {
  return fault !== null && fault in CODES;
}

export function codeOf(fault: keyof typeof CODES, random: Random): { code: number; status: number } {
  const [code, status] = pick<readonly [number, number]>(random, CODES[fault]);
  return { code, status };
}

/** What happens to a message in transit. The platform does not drop messages, but a purge or an outage may. */
export type Delivery = "dropped" | "doubled" | "delayed";

export function drawDelivery(rate: number, random: Random): Delivery | null {
  return random() < rate ? pickWeighted<Delivery>(random, { dropped: 20, doubled: 45, delayed: 35 }) : null;
}
