import type * as z from "zod";

import type { Discarded, Outcome } from "../../shared/jobs/outcome.ts";
import type { Attempt, Processor } from "../runner/attempt.ts";

/** Create a processor whose arguments are parsed first. A task with invalid arguments can never succeed, so it is discarded. */
export function processor<Args>(
  schema: z.ZodType<Args>,
  run: (args: Args, attempt: Attempt) => Promise<Outcome>,
): Processor {
  return async (json, attempt) => {
    const args = schema.safeParse(JSON.parse(json));
    return args.success ? run(args.data, attempt) : discard("invalid_arguments", args.error.message);
  };
}

export function discard(code: string, message: string): Discarded {
  return { type: "discard", failure: { code, message } };
}

/** Let the job show these notices about its result. They belong to the last call that the attempt has accounted for. */
export function note({ calls }: Pick<Attempt, "calls">, notices: readonly string[]): void {
  const last = notices.length === 0 ? undefined : calls.pop();
  if (last !== undefined) calls.push({ ...last, notices });
}
