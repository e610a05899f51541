import * as z from "zod";

export const EmbeddingAnswer = z
  .object({
    model: z.string(),
    engine: z.string().describe("the engine that ran the model: `workers-ai`, or the name of a local engine"),
    embeddings: z.array(z.array(z.number())).describe("a vector for each text, in the order of the texts"),
    usage: z.object({
      inputTokens: z.number(),
      neurons: z.number(),
      isEstimated: z
        .boolean()
        .describe("whether the neurons come from the catalogue, because the platform reported none"),
    }),
  })
  .meta({ id: "EmbeddingAnswer" });
export type EmbeddingAnswer = z.infer<typeof EmbeddingAnswer>;
