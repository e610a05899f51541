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
