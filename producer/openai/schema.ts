// The answers of OpenAI's dialect, for its document. They hold what clients read; `producer/openai/` makes them.
import * as z from "zod";

export const Model = z
  .object({ id: z.string(), object: z.literal("model"), created: z.int(), owned_by: z.string() })
  .meta({ id: "OpenAiModel" });

export const ModelList = z.object({ object: z.literal("list"), data: z.array(Model) });

export const Images = z.object({
  created: z.int(),
  data: z.array(z.object({ url: z.string().optional(), b64_json: z.string().optional() })),
});

/** With `verbose_json` it has more. */
export const TranscriptText = z.looseObject({ text: z.string() });
