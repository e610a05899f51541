import type { Task } from "../../shared/jobs/task.ts";
import { findModel } from "../../shared/models/models.ts";
import type { Fallbacks } from "../../shared/settings.ts";
import { kindOf } from "../../shared/kinds/index.ts";
import { SummariseArgs } from "../../shared/jobs/steps.ts";
import type { StandIn } from "../../shared/jobs/outcome.ts";
import { jobKindOf } from "../../shared/jobs/task-kind.ts";

/**
 * The model to ask next. `isNow` is false when the chain has come to its end, and the model that it began with gets another
 * turn later.
 */
export type FallBack = StandIn & { readonly isNow: boolean };

/**
 * Return the model that a task must ask next, because the one that it asked does not answer.
 * @returns null if there is none: there is no chain, no model in it takes the task's options, or the client named the model.
 */
export function fallBack(
  task: Pick<Task, "kind" | "args" | "model" | "preferredModel">,
  fallbacks: Fallbacks,
): FallBack | null {
  const first = task.preferredModel ?? task.model;
  if (first === null || task.model === null) return null;
  const chain = [first, ...(fallbacks[first] ?? [])];
  for (const model of chain.slice(chain.indexOf(task.model) + 1)) {
    const args = argsFor(task, model);
    if (args !== null) return { model, args, isNow: true };
  }
  const args = task.model === first ? null : argsFor(task, first);
  return args === null ? null : { model: first, args, isNow: false };
}

/** Return the task's arguments as JSON, with the options that ask for another model. */
function argsFor({ kind, args }: Pick<Task, "kind" | "args">, model: string): string | null {
  if (kind === "summarise") {
    const parsed = SummariseArgs.safeParse({ model });
    return parsed.success ? JSON.stringify(parsed.data) : null;
  }
  const jobKind = jobKindOf(kind);
  const tier = findModel(model)?.tier;
  if (jobKind === null || tier === undefined) return null;
  const parsed = JSON.parse(args) as { readonly options?: Readonly<Record<string, unknown>> }; // our own JSON
  const options = kindOf(jobKind).tiers?.optionsFor(tier, parsed.options ?? {}) ?? null;
  return options === null ? null : JSON.stringify({ ...parsed, options });
}
