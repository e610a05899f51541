// Which steps a job can have. It depends on what the job leaves for them.
import { type JobKind, type JobWork, kindOf } from "../kinds/index.ts";
import type { Material } from "../kinds/kind.ts";
import { type Step, STEPS } from "./steps.ts";

const STEPS_OF = {
  "a transcript": ["summarise", "embed"],
  "a text": ["summarise", "embed"],
  "a picture": ["embed", "describe"],
} as const satisfies Record<Material, readonly Step[]>;

/** Return whether a job of this kind can have the step, as far as the kind alone decides. */
export function canFollow(kind: JobKind, step: Step): boolean {
  return kindOf(kind).materials.some((material) => isSuitable(material, step));
}

export type WithSteps = { readonly ok: true; readonly work: JobWork } | { readonly ok: false; readonly reason: string };

/** Add steps to a job's work: each once, and in one order, so that jobs with the same steps are identical. */
export function withSteps(work: JobWork, asked: readonly Step[]): WithSteps {
  const { material } = kindOf(work.kind).leaves(work.input);
  const unsuitable = asked.find((step) => !isSuitable(material, step));
  if (unsuitable !== undefined) {
    return { ok: false, reason: `'${unsuitable}' does not suit ${material}; ${STEPS_OF[material].join(" and ")} do` };
  }
  const steps = STEPS.filter((step) => asked.includes(step));
  if (steps.length === 0) return { ok: true, work };
  return { ok: true, work: { ...work, input: { ...work.input, then: steps } } as JobWork };
}

function isSuitable(material: Material, step: Step): boolean {
  const suitable: readonly Step[] = STEPS_OF[material];
  return suitable.includes(step);
}
