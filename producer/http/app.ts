import type { Key } from "../../shared/db/keys/keys.ts";
import type { PeekedBody } from "../uploads/receive-upload.ts";

/** What every route's handlers see: the bindings, and whose key it was. */
export interface App {
  Bindings: Env;
  Variables: {
    ownerId: string;
    /** Which of the owner's keys. */
    keyId: string;
    key: Key;
    /** Whether that key has neither been revoked nor expired since: for what waits before it writes. */
    mayStillAct: () => Promise<boolean>;
    /** It had, before the body was there. */
    hasKeyEnded?: true;
    /** The route has done what it does. */
    isAnswered?: true;
    /** What the ids of whatever the request makes are made from, if it has an `Idempotency-Key`. */
    seed?: string;
    /** Whether the answer says nothing about the request, whatever its status: asked again, it may be another. */
    isPassing?: true;
    /** The address is a signed link, and was checked. */
    isLink?: true;
    /** The body, where its head had to be looked at. */
    peeked?: PeekedBody;
  };
}
