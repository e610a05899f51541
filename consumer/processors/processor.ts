import type * as z from "zod";

import type { Answer, Message } from "../../shared/webhooks/send.ts";
import type { ModelCall } from "../../shared/models/model-call.ts";
import type { Completed, Failure } from "../../shared/jobs/settlement.ts";
import type { HeardChunks } from "../../shared/db/jobs/chunks.ts";
import type { Delivery, DeliveryReport } from "../../shared/db/webhooks/deliveries.ts";
import type { Made } from "../../shared/db/jobs/contents.ts";
import type { EmbeddedPassages } from "../../shared/search/passage.ts";
import type { EarlierAttempt } from "../../shared/db/tasks/leases.ts";
import type { Estimate } from "../../shared/cost/estimate.ts";
import type { IsolateMemory } from "../runner/memory-limit.ts";
import type { ModelRunner } from "../../shared/models/run-model.ts";

/** What a processor may touch. It never sees D1 or the queue, so it cannot get a state wrong. */
export interface TaskContext {
  readonly jobId: string;
  readonly attempt: number;
  /** After this one. */
  readonly attemptsLeft: number;
  readonly media: R2Bucket;
  readonly models: ModelRunner;
  /** What this attempt has been charged for so far. */
  readonly calls: ModelCall[];
  /** Say what the job will consume, once that is known: before the model is asked, so that it is kept whatever comes of it. */
  readonly foresee: (estimate: Estimate) => void;
  /** This task's attempts that may have stored a result without completing, the latest first. */
  readonly earlierAttempts: () => Promise<readonly EarlierAttempt[]>;
  /** See `Task`. */
  readonly editedAfter: number;
  readonly mayBeStored: boolean;
  /** What this isolate may hold of media. */
  readonly memory: IsolateMemory;
  /** What the chunks of this job were heard to say, and where one gave up. */
  readonly readChunks: () => Promise<HeardChunks>;
  /** What the job was given and has made so far; null if it is gone. */
  readonly readMade: () => Promise<Made | null>;
  /** Let these be found in the job, and nothing else that it said. */
  readonly storePassages: (of: Made, found: EmbeddedPassages) => Promise<void>;
  readonly readDelivery: (id: string) => Promise<Delivery | null>;
  /** Post a signed event. */
  readonly send: (message: Message) => Promise<Answer>;
}

/** No other attempt would help. */
export interface Discarded {
  readonly type: "discard";
  readonly failure: Failure;
}

/** What a processor came to. An exception is a failure too: its message is diagnosed. */
export type Outcome = (
  | Completed
  | Discarded
  /** Again after so long, if there are attempts left. */
  | { readonly type: "retry"; readonly failure: Failure; readonly delayMs: number }
) & { readonly delivery?: DeliveryReport };

/** The function for one kind of task. `args` is the task's JSON. */
export type Processor = (args: string, context: TaskContext) => Promise<Outcome>;

/** A processor whose arguments are parsed first; a task with others can never succeed. */
export function processor<Args>(
  schema: z.ZodType<Args>,
  run: (args: Args, context: TaskContext) => Promise<Outcome>,
): Processor {
  return async (json, context) => {
    const args = schema.safeParse(JSON.parse(json));
    return args.success ? run(args.data, context) : discard("invalid_arguments", args.error.message);
  };
}

export function discard(code: string, message: string): Discarded {
  return { type: "discard", failure: { code, message } };
}
