import * as z from "zod";

import { type ModelRunner, parseAnswer } from "../../shared/ai/run-model.ts";
import { CAPTION_MODEL } from "../../shared/models.ts";
import { CAPTIONED_UNITS } from "../../shared/neurons.ts";

const CaptionAnswer = z.object({ caption: z.string() });

/**
 * Have a picture described in a sentence or two.
 * @throws an Error with the model's `<code>: <description>`, or one saying that it answered nothing.
 */
export async function caption(
  models: ModelRunner,
  { bytes, contentType }: { bytes: Uint8Array; contentType: string },
): Promise<string> {
  const image = `data:${contentType};base64,${bytes.toBase64()}`;
  const answer = await models.run(CAPTION_MODEL, { task: "caption", image }, CAPTIONED_UNITS);
  const text = parseAnswer(answer, CaptionAnswer).caption.trim();
  if (text === "") throw new Error(`'${CAPTION_MODEL}' answered nothing`);
  return text;
}
