import { holdOf, type AccountHold } from "../../shared/models/allocation.ts";

/** The platform's refusal of the whole account, as one batch met it. */
export interface HeldAccount {
  /** Null while the platform has not refused the account. */
  readonly hold: AccountHold | null;
  /** @throws the error that the platform refused the account with. */
  throwIfHeld(): void;
  /** Look at an error of a call that began at `askedAt` (epoch milliseconds). */
  note(error: unknown, askedAt: number): void;
}

export function createHeldAccount(): HeldAccount {
  const refused: { error?: Error; hold: AccountHold | null } = { hold: null };
  return {
    get hold() {
      return refused.hold;
    },
    throwIfHeld() {
      if (refused.error !== undefined) throw refused.error;
    },
    note(error, askedAt) {
      if (!(error instanceof Error) || refused.error !== undefined) return;
      const hold = holdOf(error, { askedAt, now: Date.now(), random: Math.random });
      if (hold === null) return;
      refused.error = error;
      refused.hold = hold;
    },
  };
}
