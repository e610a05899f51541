import { clip } from "../input/characters.ts";
import { type Connections, NoConnection, REMOTE_WAIT_MS } from "../connections.ts";
import { type TimeLimit, withTimeLimit } from "../time-limit.ts";
import { refuseAddress } from "./address.ts";
import { signaturesOf } from "./sign.ts";
import { DAY_MS } from "../durations.ts";

/** The time from when a connection is free until the answer has been read. */
const TIMEOUT_MS = 15_000;

/** `sendWebhook` ends within this time, with an answer or by throwing. A caller that holds a delivery must hold it for longer. */
export const LONGEST_SENDING_MS = REMOTE_WAIT_MS + TIMEOUT_MS;
class EndpointTimeout extends Error {
  override readonly name = "EndpointTimeout";
  constructor() {
    super(`The endpoint did not answer within ${TIMEOUT_MS / 1000} s.`);
  }
}

const TIME: TimeLimit = { limitMs: TIMEOUT_MS, onLimit: () => new EndpointTimeout() };

/** How much of an answer that is not a success is kept for the log. */
const BODY_BYTES = 1024;

/** A receiver may ask for a later retry, but not for one next year. */
const MAX_RETRY_AFTER_MS = DAY_MS;

export interface Message {
  /** The `webhook-id`: the same at every attempt. */
  readonly id: string;
  readonly url: string;
  /** The body is signed with each of them. */
  readonly secrets: readonly string[];
  /** JSON. */
  readonly body: string;
}

/** The endpoint's answer. */
export interface Answer {
  /** Null if there was no answer. */
  readonly responseCode: number | null;
  /** The beginning of an answer that is not a success. */
  readonly responseBody: string | null;
  readonly durationMs: number;
  /** How long the receiver asks us to wait; 0 if it did not say. */
  readonly retryAfterMs: number;
  /** Why the event counts as not delivered; null if it was delivered. */
  readonly failure: { readonly code: string; readonly message: string } | null;
}

/**
 * Post a signed event once. Throws only `NoConnection`: nothing was sent then. Redirects are not followed, because they may
 * lead to an address that is not allowed.
 */
export async function sendWebhook(
  message: Message,
  {
    allowInsecure,
    signal,
    connections,
  }: { allowInsecure: boolean; signal?: AbortSignal | undefined; connections: Connections },
): Promise<Answer> {
  let startedAt = Date.now();
  const nothing = { responseCode: null, responseBody: null, retryAfterMs: 0 };
  const refused = refuseAddress(message.url, { allowInsecure });
  if (refused !== null) {
    return { ...nothing, durationMs: 0, failure: { code: "address_refused", message: refused } };
  }
  try {
    return await withTimeLimit(signal, TIME, async (limited, startTimer) => {
      const connect = () => {
        startedAt = Date.now();
        startTimer();
        return post(message, limited);
      };
      const response = await connections.open("remote", connect, limited);
      const { status, ok } = response;
      const responseBody = ok ? null : await readStart(response);
      if (ok) await response.body?.cancel();
      return {
        responseCode: status,
        responseBody,
        durationMs: Date.now() - startedAt,
        retryAfterMs: retryAfterMs(response.headers.get("retry-after")),
        failure: ok ? null : { code: status === 410 ? "endpoint_gone" : `http_${status}`, message: sentenceOf(status) },
      };
    });
  } catch (error) {
    if (error instanceof NoConnection) throw error;
    const failure =
      error instanceof EndpointTimeout
        ? { code: "endpoint_timeout", message: error.message }
        : { code: "endpoint_unreachable", message: `The endpoint could not be reached: ${clip(String(error), 200)}` };
    return { ...nothing, durationMs: Date.now() - startedAt, failure };
  }
}

async function post({ id, url, secrets, body }: Message, signal: AbortSignal): Promise<Response> {
  const timestampSeconds = Math.floor(Date.now() / 1000);
  return fetch(url, {
    method: "POST",
    redirect: "manual",
    signal,
    body,
    headers: {
      "content-type": "application/json",
      "user-agent": "Darkroom-Webhooks/1",
      "webhook-id": id,
      "webhook-timestamp": String(timestampSeconds),
      "webhook-signature": await signaturesOf(secrets, { id, timestampSeconds, body }),
    },
  });
}

function sentenceOf(status: number): string {
  if (status === 410) return "The endpoint answered 410: it accepts no more events.";
  if (status >= 300 && status < 400) return `The endpoint answered ${status}; redirects are not followed.`;
  return `The endpoint answered ${status}.`;
}

async function readStart({ body }: Response): Promise<string> {
  if (body === null) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let left = BODY_BYTES; left > 0;) {
    const { done, value } = (await reader.read()) as { done: boolean; value?: Uint8Array };
    if (done || value === undefined) break;
    text += decoder.decode(value.subarray(0, left), { stream: true });
    left -= value.length;
  }
  await reader.cancel().catch(() => undefined);
  return text;
}

/** Read a `retry-after` header: seconds or a date (RFC 9110). */
function retryAfterMs(header: string | null): number {
  if (header === null) return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS) : 0;
}
