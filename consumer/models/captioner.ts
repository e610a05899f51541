import * as z from "zod";

import { type ModelRunner, parseAnswer } from "../../shared/ai/run-model.ts";
import { CAPTION_MODEL } from "../../shared/models.ts";

const CaptionAnswer = z.object({ caption: z.string() });

/** What a picture is to moondream whatever its size (27 × 27 patches), and a sentence or two of its own. The answer's metrics say it exactly. */
const EXPECTED = { inputTokens: 729, outputTokens: 60 };

/**
 * Have a picture described in a sentence or two.
 * @throws an Error with the model's `<code>: <description>`, or one saying that it answered nothing.
 */
export async function caption(
  models: ModelRunner,
  { bytes, contentType }: { bytes: Uint8Array; contentType: string },
): Promise<string> {
  const image = `data:${contentType};base64,${bytes.toBase64()}`;
  const answer = await models.run(CAPTION_MODEL, { task: "caption", image }, EXPECTED);
  const text = parseAnswer(answer, CaptionAnswer).caption.trim();
  if (text === "") throw new Error(`'${CAPTION_MODEL}' answered nothing`);
  return text;
}
