import type { Task } from "../../shared/jobs/task.ts";
import { findModel } from "../../shared/models/models.ts";
import type { Fallbacks } from "../../shared/settings.ts";
import { kindOf } from "../../shared/kinds/index.ts";
import { SummariseArgs } from "../../shared/jobs/steps.ts";
import type { StandIn } from "../../shared/jobs/outcome.ts";
import { jobKindOf } from "../../shared/jobs/task-kind.ts";

/** `isNow` unless the chain has come to its end, and the model that it began with has another turn later. */
export type FallBack = StandIn & { readonly isNow: boolean };

/**
 * The model that a task is to ask next, since the one it asked does not answer.
 * @returns null where there is none: no chain, or none that takes the task's options; a model that the client named.
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

/** The task's arguments with the options that ask for another model, as JSON. */
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
