import { accessOf, memberOfId } from "../keys/access.ts";
import { callsAMinute } from "../models/models.ts";
import { createJournal, type Journal } from "./journal.ts";
import type { TaskMessage } from "./task.ts";

/** What the intake of a job may touch. It is the same whether a client describes the job or an object announces it. */
export interface Intake {
  readonly db: D1Database;
  readonly media: R2Bucket;
  readonly tasks: Queue<TaskMessage>;
  /** The owner of everything that has no other owner. */
  readonly operatorId: string;
  readonly journal: Journal;
  /** Whether Cloudflare Images is bound. */
  readonly hasImages: boolean;
  /** How many calls a minute each model allows; a model that is missing has no limit. */
  readonly callsAMinute: Readonly<Record<string, number>>;
  /** Whether the person of this id (shared/keys/access.ts) may still sign in with Cloudflare Access. */
  readonly isLetIn: (accessId: string) => Promise<boolean>;
}

/** Create it once for each invocation, because the journal counts what it may still write. */
export function intakeOf(env: Env): Intake {
  return {
    db: env.DB,
    media: env.MEDIA,
    tasks: env.TASKS,
    operatorId: env.OPERATOR_ID,
    journal: createJournal(env),
    hasImages: env.IMAGES !== undefined,
    // Offline models have no limit.
    callsAMinute: env.KEEP_MODEL_RATES === "true" ? callsAMinute() : {},
    isLetIn: async (accessId) => (await memberOfId(accessOf(env), accessId)) !== null,
  };
}
