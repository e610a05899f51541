// Readers of the inference server's streams and events.

export interface ModelEvent {
  readonly response: string;
  readonly usage?: { readonly completion_tokens: number; readonly neurons: number };
}

/** Return the events of a model's stream, `[DONE]` included, and when each arrived. */
export async function readEvents(
  body: ReadableStream<Uint8Array>,
): Promise<{ events: ModelEvent[]; arrivedMs: number[] }> {
  const events: ModelEvent[] = [];
  const arrivedMs: number[] = [];
  let rest = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const text = part.replace(/^data: /, "");
      events.push(text === "[DONE]" ? text : JSON.parse(text));
      arrivedMs.push(performance.now());
    }
  }
  return { events, arrivedMs };
}

export interface LedgerView {
  readonly calls: number;
  readonly neurons: number;
  readonly byModel: Readonly<Record<string, { readonly calls: number; readonly neurons: number }>>;
}

export async function readLedger(url: string): Promise<LedgerView> {
  return (await fetch(`${url}/ledger`)).json<LedgerView>();
}
