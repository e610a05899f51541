// What a check is, what it gets, and what it can find.
import type { AnswerUsage, Client, Job, JobRequest, UploadRequest, UploadTicket } from "../client/index.ts";
import type { Media } from "./media.ts";

/** `means` says what was found, `todo` what a person has to do. */
export interface Finding {
  readonly result: "pass" | "fail" | "skipped";
  readonly means: string;
  readonly todo?: string;
}

/** A job that a check will submit, declared before the run so that it can be priced. */
export type Work = {
  /** The most that it may cost, if the estimate does not say. */
  readonly mostNeurons?: number;
} & (
  | { readonly via: "description"; readonly request: (media: Media) => JobRequest }
  | {
      readonly via: "upload";
      readonly file: (media: Media) => Blob;
      readonly request: UploadRequest & { readonly name: string };
    }
);

/** How long to wait for the platform, in milliseconds. */
export interface Waits {
  readonly jobMs: number;
  /** From a PUT to the bucket until its job exists. Shorter than the minutes that the sweep takes, so a miss means that no notification came. */
  readonly notificationMs: number;
  /** Until the vector index contains what was written. */
  readonly indexMs: number;
  readonly deliveryMs: number;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface SmokeOptions {
  /** The address of Darkroom, without a slash at the end. */
  readonly baseUrl: string;
  readonly key: string;
  /** Whether Darkroom runs on this machine. */
  readonly isLocal: boolean;
  readonly media: Media;
  readonly waits: Waits;
  readonly signal: AbortSignal;
  readonly fetch: Fetch;
  /** The origin of a page that will call from a browser. */
  readonly origin?: string | undefined;
  /** A public address that forwards to `webhookPort` of this machine. */
  readonly webhookUrl?: string | undefined;
  readonly webhookPort?: number | undefined;
}

/** What the checks of one run share. */
export interface Smoke extends Omit<SmokeOptions, "key"> {
  /** Only letters, so that a search treats it as a word. */
  readonly runId: string;
  readonly client: Client;
  /** The terms for a description or a ticket: the marks and limits of the run's jobs. */
  termsOf(work: Work): { tags: string[]; reuse: false; maxNeurons: number };
  submit(work: Work): Promise<Job>;
  /** Submit a job, wait for it and read it. @throws Failure unless it completes. */
  complete(work: Work): Promise<Job>;
  /** Wait until a job ends. @throws Failure if it has not ended in time. */
  end(id: string): Promise<Job>;
  /** Request URLs for an upload, which is aborted or completed at the end of the run. */
  announce(
    work: Work & { via: "upload" },
    how: { readonly method: "single" | "multipart"; readonly tag?: string },
  ): Promise<UploadTicket>;
  /** Read repeatedly until there is a result; null if the time runs out. */
  until<T>(read: () => Promise<T | null>, timeoutMs: number): Promise<T | null>;
  readonly seen: Seen;
}

/** What the closing checks judge. */
export interface Seen {
  readonly jobs: Map<string, Job>;
  readonly uploads: Set<string>;
  readonly answers: { readonly model: string; readonly usage: AnswerUsage }[];
  /** The cost of searches, for which there are no receipts. */
  searchNeurons: number;
}

export interface Check {
  /** One word, for `--only`. */
  readonly name: string;
  readonly work?: readonly Work[];
  /** The most neurons that it spends outside its jobs. Questions cannot be priced in advance. */
  readonly askedNeurons?: number;
  /** An error that it throws is a failure. */
  run(smoke: Smoke): Promise<Finding>;
}

/** A check's failure, thrown when the check cannot continue. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly todo: string;
  constructor(means: string, todo: string) {
    super(means);
    this.todo = todo;
  }
}

export function pass(means: string): Finding {
  return { result: "pass", means };
}

export function skip(means: string, todo: string): Finding {
  return { result: "skipped", means, todo };
}

export function described(request: JobRequest | ((media: Media) => JobRequest)): Work & { via: "description" } {
  return { via: "description", request: typeof request === "function" ? request : () => request };
}

export function uploaded(
  file: (media: Media) => Blob,
  request: UploadRequest & { readonly name: string },
  limits: Pick<Work, "mostNeurons"> = {},
): Work & { via: "upload" } {
  return { via: "upload", file, request, ...limits };
}
