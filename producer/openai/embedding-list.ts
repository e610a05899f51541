import { encodeVector } from "../../shared/search/vector.ts";

export interface EmbeddingList {
  readonly model: string;
  readonly vectors: readonly Float32Array[];
  readonly isBase64: boolean;
  /** How many tokens the texts have together. */
  readonly tokens: number;
}

/** OpenAI's list of embeddings as JSON, one vector after the other. */
export function* listJson({ model, vectors, isBase64, tokens }: EmbeddingList): Generator<string, void> {
  yield `{"object":"list","model":${JSON.stringify(model)},"data":[`;
  for (const [index, vector] of vectors.entries()) {
    const embedding = isBase64 ? encodeVector(vector) : [...vector];
    yield `${index === 0 ? "" : ","}${JSON.stringify({ object: "embedding", index, embedding })}`;
  }
  yield `],"usage":${JSON.stringify({ prompt_tokens: tokens, total_tokens: tokens })}}`;
}

/**
 * The list as the body of an answer. It is never whole in memory: 2,048 vectors are 42 MB of numbers as text, and an isolate has 128 MB
 * for all of its requests.
 */
export function listBody(list: EmbeddingList): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const parts = listJson(list);
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { value, done } = parts.next();
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
    },
    { highWaterMark: 0 },
  );
}
