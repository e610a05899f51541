import { JOB_EVENTS, type JobEvent } from "./contract.ts";
import { DarkroomError, errorOf, networkError } from "./error.ts";
import type { CallOptions, Http } from "./http.ts";
import { pause } from "./pause.ts";
import { readEvents } from "./sse.ts";

const RECONNECT_MS = 1000;
/** Give up after this many connections in a row without an event. */
const MOST_EMPTY = 5;

/** Yield a job's events up to `done`. If a connection breaks or ends early, connect again and continue after the last event. */
export async function* followEvents(
  http: Http,
  path: string,
  { signal, lastEventId = "" }: CallOptions & { readonly lastEventId?: string } = {},
): AsyncGenerator<JobEvent> {
  let last = lastEventId;
  let waitMs = RECONNECT_MS;
  for (let empty = 0; ; empty += 1) {
    const headers = { accept: "text/event-stream", ...(last !== "" && { "last-event-id": last }) };
    const response = await http.send("GET", path, { signal, headers });
    if (!response.ok) throw await errorOf(response);
    // The standard says: 204 tells a client not to connect again.
    if (response.status === 204) return;
    if (response.body === null) throw new Error("the answer has no body; an event stream was expected");
    let broken: unknown = "the stream ended early";
    try {
      for await (const event of readEvents(response.body)) {
        empty = -1;
        waitMs = event.retryMs ?? waitMs;
        if (event.id !== "") last = event.id;
        const known = JOB_EVENTS.find((type) => type === event.event);
        if (known === undefined || event.data === "") continue;
        yield { id: event.id, type: known, data: JSON.parse(event.data) as JobEvent["data"] };
        if (known === "done") return;
      }
    } catch (error) {
      if (signal?.aborted === true || error instanceof SyntaxError || error instanceof DarkroomError) throw error;
      broken = error;
    }
    if (empty >= MOST_EMPTY) throw networkError(response.url || "http://darkroom", broken);
    await pause(waitMs, signal);
  }
}
