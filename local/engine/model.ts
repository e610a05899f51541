import type * as z from "zod";
import { schemaViolation } from "./inference-error.ts";

/** What a caller sent: the JSON inputs, and the one input that came as a stream, if any did. */
export type ModelRequest = {
  readonly inputs: unknown;
  readonly stream?: { readonly bytes: Uint8Array; readonly contentType: string };
  readonly signal: AbortSignal;
};

export type WholeAnswer = {
  /** A byte answer carries its media type; everything else leaves as JSON. */
  readonly body: object | { readonly bytes: Uint8Array; readonly mediaType: string };
  readonly neurons: number;
  readonly engine: string;
};

/** An answer that leaves token by token, as server-sent events. */
export type StreamedAnswer = {
  readonly tokens: readonly string[];
  readonly usage: object;
  /** What the call costs if no more than so many tokens leave. */
  readonly neurons: (sentTokens: number) => number;
  readonly engine: string;
};

export type Answer = WholeAnswer | StreamedAnswer;

export type LocalModel = (request: ModelRequest) => Promise<Answer>;

export function parseInputs<Schema extends z.ZodType>(schema: Schema, inputs: unknown): z.output<Schema> {
  // reportInput tells a missing property from one of the wrong type.
  const parsed = schema.safeParse(inputs, { reportInput: true });
  if (!parsed.success) throw schemaViolation(parsed.error);
  return parsed.data;
}
