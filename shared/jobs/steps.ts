import * as z from "zod";

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
