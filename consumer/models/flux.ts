import { fileTypeFromBuffer } from "file-type";
import * as z from "zod";

import { unexpectedAnswer } from "../../shared/models/model-error.ts";
import { type ModelAnswer, type ModelRunner, parseAnswer } from "../../shared/models/run-model.ts";
import { drawingUnits } from "../../shared/kinds/image-generation/options.ts";
import { IMAGE_MODELS } from "../../shared/models/models.ts";
import { imageModelOf, type ImageOptions } from "../../shared/kinds/image-generation/options.ts";

/** The answer of models that return JSON; other models return the picture's bytes. */
const Base64Answer = z.object({ image: z.string().min(1) });

export interface GeneratedImage {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly extension: string;
}

/**
 * Generate one picture.
 * @throws ModelError
 */
export async function generateImage(
  models: ModelRunner,
  prompt: string,
  options: ImageOptions,
): Promise<GeneratedImage> {
  const model = IMAGE_MODELS[imageModelOf(options)];
  const fields: Record<string, string | number> = { prompt };
  for (const name of model.options) {
    // Steps are always sent: they are paid for, and the platform's default may differ from ours.
    const value = options[name] ?? (name === "steps" ? model.defaults.steps : undefined);
    if (value !== undefined) fields[name] = value;
  }
  const inputs = model.input === "json" ? fields : multipart(fields);
  const answer = await models.run(model.id, inputs, drawingUnits(options));
  const bytes = bytesOf(answer);
  // The platform's types and headers are wrong for some models; the bytes are not.
  const type = await fileTypeFromBuffer(bytes);
  if (!type?.mime.startsWith("image/")) {
    throw unexpectedAnswer(model.id, `answered ${bytes.length} bytes that are not a picture`);
  }
  return { bytes, contentType: type.mime, extension: type.ext };
}

// FLUX.2 takes only a form, and the binding sends a body as it is. `Response` writes the form and its boundary.
function multipart(fields: Readonly<Record<string, string | number>>): Record<string, unknown> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, String(value));
  const serialised = new Response(form);
  return { multipart: { body: serialised.body, contentType: serialised.headers.get("content-type") } };
}

function bytesOf(answer: ModelAnswer): Uint8Array {
  if (answer.type === "bytes") return answer.value;
  const { image } = parseAnswer(answer, Base64Answer);
  try {
    return Uint8Array.fromBase64(image.replace(/^data:[^,]*,/, ""));
  } catch {
    throw unexpectedAnswer(answer.call.model, "answered a picture that is not base64");
  }
}
