import { holdStream, releaseStream } from "../../shared/db/keys/event-streams.ts";
import type { Key } from "../../shared/db/keys/keys.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { isAccessId } from "../../shared/keys/access.ts";

/** A third of the lease: two renewals may fail. */
const RENEW_MS = 15_000;

/** A place among the open streams of a key. It is kept until it is given back. */
export interface StreamPlace {
  /** Whether the stream must end: its key was revoked or has expired, or other streams have taken its place. */
  isLost(): boolean;
  /** Give the place back. Doing it again changes nothing. */
  giveBack(): Promise<void>;
}

/** Take a place for a stream. @returns null if the key has as many streams open as it may. */
export async function takePlace(
  { id: keyId, expiresAt }: Pick<Key, "id" | "expiresAt">,
  { db, journal }: Pick<Intake, "db" | "journal">,
): Promise<StreamPlace | null> {
  const place = { keyId, id: crypto.randomUUID() };
  const endsAt = isAccessId(keyId) ? expiresAt : null;
  if (!(await holdStream(db, place, { now: Date.now(), endsAt }))) return null;
  let isLost = false;
  let renewal: Promise<void> = Promise.resolve();
  // A timer, not the writing, renews the place: a client that does not read blocks the writing, but its stream is still open.
  const renewing = setInterval(() => {
    renewal = holdStream(db, place, { now: Date.now(), endsAt }).then(
      (isHeld) => void (isLost = !isHeld),
      (error: unknown) => journal.fault({ event: "limit.failed" }, error),
    );
  }, RENEW_MS);
  return {
    isLost: () => isLost,
    async giveBack() {
      clearInterval(renewing);
      // A renewal that is still running would take the place again.
      await renewal;
      await releaseStream(db, place);
    },
  };
}
