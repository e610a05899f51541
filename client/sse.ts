/** One event of a `text/event-stream`, as the HTML standard parses it. */
export interface ServerSentEvent {
  /** The last id of the stream. An event without an id keeps it. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
  /** How long to wait before connecting again, if this event's block says so. */
  readonly retryMs: number | null;
}

/** Read the events of a stream. A block that is cut off by the end is dropped, as the standard requires. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  let id = "";
  let block: string[] = [];
  for await (const line of readLines(body)) {
    if (line !== "") {
      block.push(line);
      continue;
    }
    const fields = block.map(fieldOf);
    block = [];
    const last = (name: string) => fields.findLast((field) => field.name === name)?.value;
    id = fields.findLast((field) => field.name === "id" && !field.value.includes("\0"))?.value ?? id;
    const data = fields.filter(({ name }) => name === "data").map(({ value }) => value);
    const retry = last("retry") ?? "";
    const retryMs = /^\d+$/.test(retry) ? Number(retry) : null;
    // A block without data is not an event, but its id and its retry time count.
    if (data.length > 0 || retryMs !== null)
      yield { id, event: last("event") || "message", data: data.join("\n"), retryMs };
  }
}

function fieldOf(line: string): { name: string; value: string } {
  const colon = line.indexOf(":");
  if (colon === -1) return { name: line, value: "" };
  return { name: line.slice(0, colon), value: line.slice(colon + 1).replace(/^ /, "") };
}

/** Read lines. They end with CR LF, LF or CR, and a chunk may end inside a CR LF. */
async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  // The decoder removes a byte order mark.
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      // A CR at the very end may be half of a CR LF.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
