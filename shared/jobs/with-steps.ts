// Which steps a job can have: that depends on what it leaves for them.
import type { JobKind } from "./job.ts";
import type { JobWork } from "./job-work.ts";
import { type Step, STEPS } from "./steps.ts";

const STEPS_OF = {
  "a transcript": ["summarise", "embed"],
  "a text": ["summarise", "embed"],
  "a picture": ["embed", "describe"],
} as const satisfies Record<string, readonly Step[]>;
type Material = keyof typeof STEPS_OF;

const MATERIALS_OF = {
  transcription: ["a transcript"],
  image_generation: ["a picture"],
  classification: ["a text", "a picture"],
} as const satisfies Record<JobKind, readonly Material[]>;

/** Whether a job of this kind can have the step, as far as the kind tells. */
export function canFollow(kind: JobKind, step: Step): boolean {
  return MATERIALS_OF[kind].some((material) => isSuitable(material, step));
}

/** What a job leaves for its steps. */
export function materialOf(work: JobWork): Material {
  switch (work.kind) {
    case "transcription":
      return "a transcript";
    case "image_generation":
      return "a picture";
    case "classification":
      return "media" in work.input && work.input.media === "image" ? "a picture" : "a text";
  }
}

export type WithSteps = { readonly ok: true; readonly work: JobWork } | { readonly ok: false; readonly reason: string };

/** The same work with steps after it: each once, and in one order, so that jobs that want the same are identical. */
export function withSteps(work: JobWork, asked: readonly Step[]): WithSteps {
  const material = materialOf(work);
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
