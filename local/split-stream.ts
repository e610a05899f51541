// Workers AI accepts at most one streamed input: `{ body, contentType }` under any name. It is sent as the request's body, and
// the other inputs in the query.

export type StreamInput = { readonly body: ReadableStream; readonly contentType: string };

export type SplitInputs = {
  readonly stream?: StreamInput;
  readonly rest: Readonly<Record<string, unknown>>;
};

/** Separate the streamed input from the others. @throws the binding's own errors, in the binding's order. */
export function splitStream(
  inputs: Readonly<Record<string, unknown>>,
  { viaGateway }: { readonly viaGateway: boolean },
): SplitInputs {
  const streams = Object.entries(inputs).filter(([, value]) => hasStream(value));
  const [first, ...others] = streams;
  if (first === undefined) return { rest: inputs };
  if (others.length > 0) {
    const names = streams.map(([name]) => name).join(", ");
    throw internalError(`Multiple ReadableStreams are not supported. Found streams in keys: [${names}]`);
  }
  if (viaGateway) throw internalError("AI Gateway does not support ReadableStreams yet.");
  const [name, value] = first;
  if (!isStreamInput(value)) throw internalError("Content-Type is required with ReadableStream inputs");
  return { stream: value, rest: Object.fromEntries(Object.entries(inputs).filter(([key]) => key !== name)) };
}

function hasStream(value: unknown): value is { readonly body: ReadableStream } {
  return typeof value === "object" && value !== null && "body" in value && value.body instanceof ReadableStream;
}

function isStreamInput(value: unknown): value is StreamInput {
  return (
    hasStream(value) && "contentType" in value && typeof value.contentType === "string" && value.contentType !== ""
  );
}

function internalError(message: string): Error {
  const error = new Error(message);
  error.name = "AiInternalError";
  return error;
}
