import { type JobKind, kindOf } from "../kinds/index.ts";

/** A task as it failed. `args` and `jobInput` are JSON. */
export interface FailedTask {
  readonly args: string;
  readonly jobKind: JobKind;
  readonly jobInput: string;
}

export type Edited =
  /** JSON. `input` is set if the task works on all of the job's input: a chunk's options are its own. */
  | { readonly ok: true; readonly args: string; readonly input?: string }
  | { readonly ok: false; readonly issues: readonly { readonly path: string; readonly message: string }[] };

/**
 * Replace single options of a task: a given option replaces the old one, `null` removes one, and the whole is validated as a
 * new job's options are.
 */
export function editOptions(task: FailedTask, edits: Readonly<Record<string, unknown>>): Edited {
  // Our own JSON, parsed when the job came in.
  const args = JSON.parse(task.args) as { readonly options?: Readonly<Record<string, unknown>> };
  if (args.options === undefined) {
    return refuse("options", "this task takes no options; redrive it without 'options'");
  }
  const merged = Object.entries({ ...args.options, ...edits }).filter(([, value]) => value !== null);
  const options = kindOf(task.jobKind).options.safeParse(Object.fromEntries(merged));
  if (!options.success) {
    return {
      ok: false,
      issues: options.error.issues.map(({ path, message }) => ({ path: ["options", ...path].join("."), message })),
    };
  }
  const edited = JSON.stringify({ ...args, options: options.data });
  return { ok: true, args: edited, ...(task.args === task.jobInput && { input: edited }) };
}

function refuse(path: string, message: string): Edited {
  return { ok: false, issues: [{ path, message }] };
}
