import type { UploadRequest } from "../../client/index.ts";
import type { Unfinished } from "./unfinished.ts";

/** A file to send, with callbacks for its progress. */
export interface ToSend {
  /** The same for every try, so that a file becomes one job. */
  readonly id: string;
  readonly file: File;
  readonly request: UploadRequest;
  /** The upload that this one continues, if it began before the page was reloaded. */
  readonly before: Unfinished | undefined;
  readonly onProgress: (sentBytes: number) => void;
  readonly onBegun: (upload: Unfinished) => void;
}

/** A file that is being sent. */
export interface Sending {
  /** Resolves to the id of the job. Rejects if the upload fails or is stopped. */
  readonly done: Promise<string>;
  /** Pause the upload and keep its stored parts; null if no part is kept before the upload is complete. */
  readonly pause: (() => void) | null;
  readonly resume: () => void;
  /** Abort the upload. */
  readonly stop: () => void;
}
