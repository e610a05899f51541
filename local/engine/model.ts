import type * as z from "zod";
import { schemaViolation } from "./inference-error.ts";

/** What a caller sent: the JSON inputs, and the input that came as a stream, if there is one. */
export type ModelRequest = {
  readonly inputs: unknown;
  readonly stream?: { readonly bytes: Uint8Array; readonly contentType: string };
  readonly signal: AbortSignal;
};

export type WholeAnswer = {
  /** Bytes have their media type; everything else is sent as JSON. */
  readonly body: object | { readonly bytes: Uint8Array; readonly mediaType: string };
  readonly neurons: number;
  readonly engine: string;
};

/** An answer that is sent token by token, as server-sent events. */
export type StreamedAnswer = {
  readonly tokens: readonly string[];
  readonly usage: object;
  /** What the call costs after this many tokens were sent. */
  readonly neurons: (sentTokens: number) => number;
  readonly engine: string;
};

export type Answer = WholeAnswer | StreamedAnswer;

export type LocalModel = (request: ModelRequest) => Promise<Answer>;

export function parseInputs<Schema extends z.ZodType>(schema: Schema, inputs: unknown): z.output<Schema> {
  // reportInput distinguishes a missing property from one of the wrong type.
  const parsed = schema.safeParse(inputs, { reportInput: true });
  if (!parsed.success) throw schemaViolation(parsed.error);
  return parsed.data;
}
