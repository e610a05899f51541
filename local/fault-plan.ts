import errors from "../test/contracts/errors.json" with { type: "json" };
import { createRandom } from "./seeded-random.ts";

/** What the offline model does instead of answering. The alternative is an error with one of the platform's codes. */
export const MISDEEDS = ["silent", "garbage", "slow", "late"] as const;
type Misdeed = (typeof MISDEEDS)[number];
export type Fault = { readonly type: "error"; readonly code: number } | { readonly type: Misdeed };

const SLOW_MS = 5000;
/** A lease lasts 90 s and is renewed every 20 s, so only a consumer that has lost D1 sees it expire in this time. */
const LATE_MS = 100_000;

export interface FaultPlan {
  /** Return the fault of the next call; null for a normal answer. */
  next(): Fault | null;
}

/**
 * Parse a plan such as `seed=7,3040=0.1,3043=0.05,silent=0.01,garbage=0.02,slow=0.1,late=0.01`: the shares of calls that
 * fail with a code of the platform's, never answer, answer with nonsense, answer after 5 s, or answer after 100 s. The same
 * seed gives the same faults in the same order of calls. An empty text means no faults.
 * @throws an Error that names the invalid part.
 */
export function parseFaultPlan(text: string): FaultPlan {
  let seed = 1;
  const shares: [fault: Fault, share: number][] = [];
  for (const part of text.split(",").map((each) => each.trim())) {
    if (part === "") continue;
    const [name = "", value = ""] = part.split("=");
    const number = Number(value);
    if (value === "" || !Number.isFinite(number) || number < 0) throw new Error(`faults: '${part}' needs a number`);
    if (name === "seed") seed = number;
    else if (number > 1) throw new Error(`faults: '${part}' needs a share from 0 to 1`);
    else shares.push([faultNamed(name), number]);
  }
  if (shares.reduce((sum, [, share]) => sum + share, 0) > 1)
    throw new Error("faults: the shares add up to more than 1");
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
  if (misdeed === undefined)
    throw new Error(`faults: '${name}' is neither an error code nor one of ${MISDEEDS.join(", ")}`);
  return { type: misdeed };
}

/** Carry out a fault. Returns the answer that replaces the model's; null if the model is to answer after all. */
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

/** The HTTP status of each code; 400 for any other code. */
const STATUS = new Map(errors.errors.map(({ code, status }) => [code, status]));

function refusal(code: number): Response {
  const description = `a fault that DARKROOM_FAULTS requests (${code})`;
  const body = { internalCode: code, name: "AiError", message: `AiError: ${description}`, description };
  return Response.json(body, { status: STATUS.get(code) ?? 400 });
}
