import { createJournal, type Journal } from "./journal.ts";
import type { TaskMessage } from "./task.ts";

/** What taking a job in may touch: the same whether a client describes it or an object announces it. */
export interface Intake {
  readonly db: D1Database;
  readonly media: R2Bucket;
  readonly tasks: Queue<TaskMessage>;
  /** Owns what nobody else can be named for. */
  readonly operatorId: string;
  readonly journal: Journal;
}

/** Once an invocation: the journal counts what it may still write. */
export function intakeOf(env: Env): Intake {
  return {
    db: env.DB,
    media: env.MEDIA,
    tasks: env.TASKS,
    operatorId: env.OPERATOR_ID,
    journal: createJournal(env.EVENTS),
  };
}
