import * as z from "zod";

import type { JobKind } from "./job.ts";
import type { JobWork } from "./new-job.ts";
import { CAPTION_MODEL, EMBEDDING_MODEL, type ModelId, TEXT_MODELS } from "../models/models.ts";

/** What may be done with what a job has made, in the order in which it is shown. */
export const STEPS = ["summarise", "embed", "describe"] as const;
export type Step = (typeof STEPS)[number];

/** As a client names them: none, and in any order. */
export const AskedSteps = z.array(z.enum(STEPS)).max(STEPS.length).default([]);
/** As a job's input has them: left out without any, so that such a job is what it was before there were steps. */
export const InputSteps = z.array(z.enum(STEPS)).min(1).optional();

/** The arguments of a step: it works on what its job was given and has made by then. */
export const StepArgs = z.strictObject({});

/** `model` stands in for the one that summarises otherwise. */
export const SummariseArgs = z.strictObject({ model: z.enum(Object.values(TEXT_MODELS)).optional() });

/** After whatever stages the work of a kind has. What the others write is to be found as well: `embed` comes after them. */
export const STEP_STAGES: Readonly<Record<Step, number>> = { summarise: 10, describe: 10, embed: 11 };

/** The smallest text model summarises: what is said is all there, and to shorten it takes little knowledge of the world. */
export const STEP_MODELS: Readonly<Record<Step, ModelId>> = {
  summarise: TEXT_MODELS.fast,
  embed: EMBEDDING_MODEL,
  describe: CAPTION_MODEL,
};

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
