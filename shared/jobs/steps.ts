import * as z from "zod";

import { CAPTION_MODEL, EMBEDDING_MODEL, type ModelId, TEXT_MODELS } from "../models/models.ts";

/** What can be done with a job's results, in the order in which it is shown. */
export const STEPS = ["summarise", "embed", "describe"] as const;
export type Step = (typeof STEPS)[number];

/** The steps as a client names them: any number, in any order. */
export const AskedSteps = z.array(z.enum(STEPS)).max(STEPS.length).default([]);
/** The steps in a job's input. A job without steps does not have the field, so it is the same as before there were steps. */
export const InputSteps = z.array(z.enum(STEPS)).min(1).optional();

/** The arguments of a step. It works on what its job was given and has made by then. */
export const StepArgs = z.strictObject({});

/** `model` replaces the model that summarises by default. */
export const SummariseArgs = z.strictObject({ model: z.enum(Object.values(TEXT_MODELS)).optional() });

/**
 * The stages of steps come after all stages of a kind's own work. `embed` is last, so that search also finds what the others
 * write.
 */
export const STEP_STAGES: Readonly<Record<Step, number>> = { summarise: 10, describe: 10, embed: 11 };

/** The smallest text model summarises: all facts are in the text, and shortening it takes little knowledge of the world. */
export const STEP_MODELS: Readonly<Record<Step, ModelId>> = {
  summarise: TEXT_MODELS.fast,
  embed: EMBEDDING_MODEL,
  describe: CAPTION_MODEL,
};
