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

// What the document's examples show. A test checks each of them against the schemas.

export const TEXTS = { texts: ["a harbour at dawn", "the port in the morning"] };

/** The vectors are shortened. */
export const VECTORS = {
  model: "@cf/baai/bge-m3",
  engine: "workers-ai",
  embeddings: [
    [0.0312, -0.0148, 0.0077],
    [0.0287, -0.0131, 0.0102],
  ],
  usage: { inputTokens: 12, neurons: 0.0129, isEstimated: false },
};
