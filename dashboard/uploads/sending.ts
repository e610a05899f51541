import type { UploadRequest } from "../../client/index.ts";
import type { Unfinished } from "./unfinished.ts";

/** What is sent, and who is told how it goes. */
export interface ToSend {
  /** The same for every try: a file is one job. */
  readonly id: string;
  readonly file: File;
  readonly request: UploadRequest;
  /** Of the page before it was reloaded. */
  readonly before: Unfinished | undefined;
  readonly onProgress: (sentBytes: number) => void;
  readonly onBegun: (upload: Unfinished) => void;
}

/** A file under way. */
export interface Sending {
  /** The id of its job. Rejects when it fails, or is stopped. */
  readonly done: Promise<string>;
  /** Stop, and keep what is stored; null where nothing is kept until all is there. */
  readonly pause: (() => void) | null;
  readonly resume: () => void;
  /** Give it up. */
  readonly stop: () => void;
}
