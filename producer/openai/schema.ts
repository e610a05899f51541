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

export const Embeddings = z.object({
  object: z.literal("list"),
  model: z.string(),
  data: z.array(
    z.object({
      object: z.literal("embedding"),
      index: z.int(),
      embedding: z.union([z.array(z.number()), z.string()]).describe("numbers, or their bytes in base64"),
    }),
  ),
  usage: z.object({ prompt_tokens: z.number(), total_tokens: z.number() }),
});

/** It has more fields, as OpenAI's API has them; most are empty here. */
export const ChatCompletion = z.looseObject({
  id: z.string(),
  object: z.literal("chat.completion"),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.looseObject({
      index: z.int(),
      message: z.looseObject({ role: z.literal("assistant"), content: z.string() }),
      finish_reason: z.enum(["stop", "length"]),
    }),
  ),
  usage: z.looseObject({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() }),
});

/** It has more fields, as OpenAI's API has them; most are empty here. */
export const ModelResponse = z
  .looseObject({
    id: z.string(),
    object: z.literal("response"),
    status: z.enum(["completed", "incomplete", "failed", "in_progress"]),
    model: z.string(),
    output: z.array(z.looseObject({ type: z.string() })),
    usage: z.looseObject({ input_tokens: z.number(), output_tokens: z.number(), total_tokens: z.number() }).nullable(),
  })
  .meta({ id: "OpenAiResponse" });

/** An event of a stream. OpenAI's documentation lists their types. */
export const AnyEvent = z.looseObject({}).describe("an event, as OpenAI's API sends it");
