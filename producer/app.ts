import type { UploadLimits } from "./upload-limits.ts";

/** What every route's handlers see: the bindings, and whose key it was. */
export interface App {
  Bindings: Env;
  Variables: {
    ownerId: string;
    /** Which of the owner's keys. */
    keyId: string;
    /** What that key may upload. */
    uploadLimits: UploadLimits;
  };
}
