import errors from "../test/contracts/errors.json" with { type: "json" };
import { createRandom } from "./seeded-random.ts";

/** What the offline model does instead of answering: an error of the platform's, or one of these. */
export const MISDEEDS = ["silent", "garbage", "slow", "late"] as const;
type Misdeed = (typeof MISDEEDS)[number];
export type Fault = { readonly type: "error"; readonly code: number } | { readonly type: Misdeed };

const SLOW_MS = 5000;
/** A lease lasts 90 s and is renewed every 20: only a consumer that has lost D1 sees it expire meanwhile. */
const LATE_MS = 100_000;

export interface FaultPlan {
  /** What the next call meets; null for a fair answer. */
  next(): Fault | null;
}

/**
 * Read a plan such as `seed=7,3040=0.1,3043=0.05,silent=0.01,garbage=0.02,slow=0.1,late=0.01`: the share of calls that
 * fail with a code of the platform's, never answer, answer nonsense, answer after 5 s, or after 100 s. The same seed
 * gives the same faults in the same order of calls. An empty text is no plan.
 * @throws an Error that names the part that makes no sense.
 */
export function parseFaultPlan(text: string): FaultPlan {
  let seed = 1;
  const shares: [fault: Fault, share: number][] = [];
  for (const part of text.split(",").map((each) => each.trim())) {
    if (part === "") continue;
    const [name = "", value = ""] = part.split("=");
    const number = Number(value);
    if (value === "" || !Number.isFinite(number) || number < 0) throw new Error(`faults: '${part}' wants a number`);
    if (name === "seed") seed = number;
    else if (number > 1) throw new Error(`faults: '${part}' wants a share from 0 to 1`);
    else shares.push([faultNamed(name), number]);
  }
  if (shares.reduce((sum, [, share]) => sum + share, 0) > 1)
    throw new Error("faults: the shares are more than 1 in all");
  const random = createRandom(seed, 0);
  return {
    next() {
      let at = random();
      for (const [fault, share] of shares) {
        at -= share;
        if (at < 0) return fault;
      }
      return null;
    },
  };
}

function faultNamed(name: string): Fault {
  if (/^\d{4}$/.test(name)) return { type: "error", code: Number(name) };
  const misdeed = MISDEEDS.find((known) => known === name);
  if (misdeed === undefined) throw new Error(`faults: '${name}' is no error code and none of ${MISDEEDS.join(", ")}`);
  return { type: misdeed };
}

/** Commit a fault. @returns the answer that takes the model's place; null if the model is to answer after all. */
export async function commit(fault: Fault, signal: AbortSignal | undefined): Promise<Response | null> {
  switch (fault.type) {
    case "error":
      return refusal(fault.code);
    case "silent":
      await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      return null;
    case "garbage":
      return Response.json({ nothing: "of the kind" });
    case "slow":
    case "late":
      await new Promise((resolve) => setTimeout(resolve, fault.type === "slow" ? SLOW_MS : LATE_MS));
      return null;
  }
}

/** The statuses that the codes come with; 400 for any other. */
const STATUS = new Map(errors.errors.map(({ code, status }) => [code, status]));

function refusal(code: number): Response {
  const description = `a fault that was asked for (${code})`;
  const body = { internalCode: code, name: "AiError", message: `AiError: ${description}`, description };
  return Response.json(body, { status: STATUS.get(code) ?? 400 });
}
