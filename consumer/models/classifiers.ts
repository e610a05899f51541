import * as z from "zod";

import { type ModelAnswer, type ModelRunner, parseAnswer } from "../../shared/models/run-model.ts";
import { IMAGE_CLASSIFIER, TEXT_CLASSIFIER } from "../../shared/models/models.ts";
import { tokensOf } from "../../shared/cost/neurons.ts";
import type { ClassificationOptions } from "../../shared/kinds/classification/options.ts";
import type { Label } from "../../shared/jobs/outcome.ts";
import { byteArray } from "./byte-array.ts";

/** Both classifiers answer with a list. The platform's schema allows an entry without a label or a score. */
const LabelsAnswer = z.array(z.object({ label: z.string().optional(), score: z.number().optional() }));

/** The contents of `labels.json`, the best label first. */
export interface Classification {
  readonly model: string;
  readonly engine: string;
  readonly labels: readonly Label[];
}

export async function classifyImage(
  models: ModelRunner,
  image: Uint8Array,
  options: ClassificationOptions,
): Promise<Classification> {
  return rank(await models.run(IMAGE_CLASSIFIER, { image: byteArray(image) }, { pictures: 1 }), options);
}

export async function classifyText(
  models: ModelRunner,
  text: string,
  options: ClassificationOptions,
): Promise<Classification> {
  return rank(await models.run(TEXT_CLASSIFIER, { text }, { inputTokens: tokensOf(text) }), options);
}

function rank(answer: ModelAnswer, options: ClassificationOptions): Classification {
  const { model, engine } = answer.call;
  const labels = parseAnswer(answer, LabelsAnswer)
    .flatMap(({ label, score }) => (label === undefined || score === undefined ? [] : [{ label, score }]))
    .filter(({ score }) => score >= options.minScore)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, options.topK);
  return { model, engine, labels };
}
