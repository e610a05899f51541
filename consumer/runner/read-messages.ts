import type * as z from "zod";

import { quarantine, type UnreadableMessage } from "../../shared/db/redrives/dead-letters.ts";
import { isNewerMessage } from "../../shared/jobs/formats.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { deliverAgain } from "./acknowledge.ts";

/** A message that could be parsed. The others are already being kept in `dead_letters`. */
export interface ReadMessage<Body> {
  readonly message: Message;
  readonly body: Body;
}

const NEWER_SECONDS = 60;

type QuarantineDeps = Pick<Intake, "db" | "operatorId" | "journal">;

/**
 * Parse a batch. A message from a newer version is put off. A message of another shape can never succeed: it is kept whole as a
 * dead letter and acknowledged. If D1 cannot be reached then, the message is delivered again and not lost.
 */
export async function readMessages<Body>(
  batch: Pick<MessageBatch, "queue" | "messages">,
  schema: z.ZodType<Body>,
  { now, ...deps }: QuarantineDeps & { now: number },
): Promise<readonly ReadMessage<Body>[]> {
  const readable: ReadMessage<Body>[] = [];
  const unreadable: { message: Message; row: UnreadableMessage }[] = [];
  for (const message of batch.messages) {
    const parsed = schema.safeParse(message.body);
    if (parsed.success) {
      readable.push({ message, body: parsed.data });
      continue;
    }
    if (isNewerMessage(message.body)) {
      putOff(message, batch.queue, deps.journal);
      continue;
    }
    const issue = parsed.error.issues[0];
    const reason = `${issue?.path.join(".") || "message"}: ${issue?.message ?? "not valid"}`;
    unreadable.push({ message, row: unreadableMessage(message, batch.queue, { code: "malformed_message", reason }) });
  }
  if (unreadable.length > 0) await keep(unreadable, now, deps);
  return readable;
}

/** Leave a message to the newer version. */
function putOff(message: Message, queue: string, journal: QuarantineDeps["journal"]): void {
  if (deliverAgain(message, NEWER_SECONDS)) return;
  journal.record({ event: "message.let_go", code: "newer_version" }, { queue, messageId: message.id });
}

/** Return a message as its dead letter stores it. */
export function unreadableMessage(
  message: Message,
  queue: string,
  { code, reason }: { code: string; reason: string },
): UnreadableMessage {
  return { id: message.id, queue, body: rawBody(message.body), code, reason };
}

async function keep(
  unreadable: readonly { message: Message; row: UnreadableMessage }[],
  now: number,
  { db, operatorId, journal }: QuarantineDeps,
): Promise<void> {
  for (const page of pages(unreadable)) {
    try {
      await quarantine(
        db,
        page.map(({ row }) => row),
        { ownerId: operatorId, now },
      );
      for (const { message, row } of page) {
        message.ack();
        // The reason is only in the dead letter: it may quote the message.
        journal.record({ event: "message.quarantined", code: row.code }, { queue: row.queue, messageId: row.id });
      }
    } catch (error) {
      journal.fault({ event: "quarantine.failed" }, error, { messages: page.length });
      for (const { message } of page) message.retry();
    }
  }
}

/** A batch may be larger than a value that D1 binds: fifty messages of 128 kB. */
const PAGE_CHARS = 500_000;

function pages<Unreadable extends { readonly row: UnreadableMessage }>(
  unreadable: readonly Unreadable[],
): Unreadable[][] {
  const all: Unreadable[][] = [];
  let room = 0;
  for (const one of unreadable) {
    if (one.row.body.length > room) {
      all.push([]);
      room = PAGE_CHARS;
    }
    room -= one.row.body.length;
    all.at(-1)?.push(one);
  }
  return all;
}

function rawBody(body: unknown): string {
  if (body instanceof ArrayBuffer) return JSON.stringify({ base64: new Uint8Array(body).toBase64() });
  try {
    return JSON.stringify(body) ?? "null";
  } catch {
    return '"a body that is not JSON"'; // a BigInt, a circular object, or one that is nested too deeply
  }
}
