import type { JobDetail } from "../../shared/jobs/job-detail.ts";
import type { Key } from "../../shared/db/keys/keys.ts";
import type { ModelId } from "../../shared/models/models.ts";
import type { PeekedBody } from "../uploads/receive-upload.ts";

/** What the handlers of every route can read: the bindings, and the key of the request. */
export interface App {
  Bindings: Env;
  Variables: {
    ownerId: string;
    /** The id of the key that was sent, one of the owner's, or the id of a person (shared/keys/access.ts). */
    keyId: string;
    key: Key;
    /** Whether the key still works. A route that waits before it writes must ask: the key may have been revoked or may have expired. */
    mayStillAct: () => Promise<boolean>;
    /** The key was revoked or expired before the whole body had arrived. */
    hasKeyEnded?: true;
    /** The route has produced its answer. */
    isAnswered?: true;
    /** If the request has an `Idempotency-Key`, the ids of everything that it creates are derived from this. */
    seed?: string;
    /** The answer is temporary, whatever its status: the same request may get another one later. */
    isPassing?: true;
    /** The job of `GET /v1/jobs/{id}`, if it was read together with the key. */
    polledJob?: JobDetail;
    /** A part of the request is paid for although it may still fail, so that a client must not repeat it by itself. */
    hasPaid?: true;
    /** The address is a signed link whose signature has been checked. */
    isLink?: true;
    /** The parameters that OpenAI's dialect has accepted without effect. */
    ignored?: readonly string[];
    /** What the models are called in OpenAI's dialect. */
    aliases?: ReadonlyMap<string, ModelId>;
    /** The body, if its first bytes had to be read. */
    peeked?: PeekedBody;
  };
}
