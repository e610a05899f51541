import { READING_MS } from "../../shared/db/uploads/readings.ts";
import { noteNotification } from "../../shared/db/uploads/findings.ts";
import { HOUR_MS } from "../../shared/durations.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { isInboxKey, MEDIA_BUCKET } from "../../shared/uploads/storage.ts";
import { type Announcement, UploadEvent } from "../../shared/uploads/announcement.ts";
import { ingestOneByOne } from "./ingest-carefully.ts";
import { ingestUploads } from "./ingest-upload.ts";
import { readMessages } from "../runner/read-messages.ts";

/** Turn R2 event notifications into jobs. Never throws. */
export async function ingestBatch(batch: Pick<MessageBatch, "queue" | "messages">, deps: Intake): Promise<void> {
  const messages = await readMessages(batch, UploadEvent, { ...deps, now: Date.now() });
  const announced = messages.map(({ message, body }) => ({
    message,
    announcement: announcementOf(body),
  }));
  const announcements = announced.flatMap(({ announcement }) => announcement ?? []);
  try {
    const isFirst = messages.every(({ message }) => message.attempts === 1);
    // A message is redelivered if its consumer ended, perhaps while it read one of these objects.
    const { failed, busy } = isFirst
      ? { failed: await ingestUploads(announcements, deps), busy: new Set<Announcement>() }
      : await ingestOneByOne(announcements, deps, Date.now());
    if (announcements.length > 0) await note(deps);
    for (const { message, announcement } of announced) {
      if (announcement !== null && busy.has(announcement)) message.retry({ delaySeconds: READING_MS / 1000 });
      else if (announcement !== null && failed.has(announcement)) message.retry();
      else message.ack();
    }
  } catch (error) {
    deps.journal.fault({ event: "ingest.failed" }, error, { uploads: announcements.length });
    for (const { message } of messages) message.retry();
  }
}

/** When this isolate last recorded that the bucket sends notifications. Another isolate records it again, which changes nothing. */
const notedAt = new WeakMap<D1Database, number>();

/** A failure is ignored: the setup page uses the record only to say that the notification rule works. */
async function note({ db, journal }: Intake): Promise<void> {
  const now = Date.now();
  if (now - (notedAt.get(db) ?? 0) < HOUR_MS) return;
  notedAt.set(db, now);
  await noteNotification(db, now).catch((error: unknown) => journal.fault({ event: "ingest.failed" }, error));
}

function announcementOf(event: UploadEvent): Announcement | null {
  switch (event.action) {
    case "DeleteObject":
    case "LifecycleDeletion":
      return null;
    case "PutObject":
    case "CopyObject":
    case "CompleteMultipartUpload":
      // A rule without a prefix must not turn our own results into jobs. If a rule watches another bucket, ours has no such
      // object.
      if (!isInboxKey(event.object.key)) return null;
      return { bucket: MEDIA_BUCKET, key: event.object.key, etag: event.object.eTag };
  }
}
