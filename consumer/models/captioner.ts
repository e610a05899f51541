import * as z from "zod";

import { unexpectedAnswer } from "../../shared/models/model-error.ts";
import { type ModelRunner, parseAnswer } from "../../shared/models/run-model.ts";
import { CAPTION_MODEL } from "../../shared/models/models.ts";
import { CAPTIONED_UNITS } from "../../shared/cost/neurons.ts";

const Caption = z.object({ caption: z.string() });

/**
 * The model's page and the types have the answer at the root; users report it in `result`. Fields of other tasks are null or
 * missing.
 */
const CaptionAnswer = z.union([Caption, z.object({ result: Caption }).transform(({ result }) => result)]);

/**
 * Describe a picture in a sentence or two.
 * @throws ModelError
 */
export async function caption(
  models: ModelRunner,
  { bytes, contentType }: { bytes: Uint8Array; contentType: string },
): Promise<string> {
  const image = `data:${contentType};base64,${bytes.toBase64()}`;
  // Sent because the default was true in July 2026 and has been false since.
  const answer = await models.run(CAPTION_MODEL, { task: "caption", image, stream: false }, CAPTIONED_UNITS);
  const text = parseAnswer(answer, CaptionAnswer).caption.trim();
  if (text === "") throw unexpectedAnswer(CAPTION_MODEL, "answered nothing");
  return text;
}
