import { holdStream, releaseStream } from "../../shared/db/keys/event-streams.ts";
import type { Intake } from "../../shared/jobs/intake.ts";

/** A third of the lease: two renewals may fail. */
const RENEW_MS = 15_000;

/** A place among the open streams of a key. It is kept until it is given back. */
export interface StreamPlace {
  /** Whether the stream is to end: its key was revoked or has expired, or others have taken its place. */
  isLost(): boolean;
  /** Twice is once. */
  giveBack(): Promise<void>;
}

/** @returns null for a key that has as many streams as it may. */
export async function takePlace(
  keyId: string,
  { db, journal }: Pick<Intake, "db" | "journal">,
): Promise<StreamPlace | null> {
  const place = { keyId, id: crypto.randomUUID() };
  if (!(await holdStream(db, place, Date.now()))) return null;
  let isLost = false;
  let renewal: Promise<void> = Promise.resolve();
  // A clock of its own: a client that does not read holds up what is written to it, and is open all the same.
  const renewing = setInterval(() => {
    renewal = holdStream(db, place, Date.now()).then(
      (isHeld) => void (isLost = !isHeld),
      (error: unknown) => journal.fault({ event: "limit.failed" }, error),
    );
  }, RENEW_MS);
  return {
    isLost: () => isLost,
    async giveBack() {
      clearInterval(renewing);
      // One that is under way would take the place again.
      await renewal;
      await releaseStream(db, place);
    },
  };
}
