import type { PeekedBody } from "./receive-upload.ts";

/** What every route's handlers see: the bindings, and whose key it was. */
export interface App {
  Bindings: Env;
  Variables: {
    ownerId: string;
    /** Which of the owner's keys. */
    keyId: string;
    /** What the ids of whatever the request makes are made from, if it has an `Idempotency-Key`. */
    seed?: string;
    /** The body, where the middleware before had to look at its head. */
    peeked?: PeekedBody;
  };
}
