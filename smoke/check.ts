// What a check is, what it is given, and what it can find.
import type { AskUsage, Client, Job, JobRequest, UploadRequest, UploadTicket } from "../client/index.ts";
import type { Media } from "./media.ts";

/** `means` says what was found, `todo` what a person does about it. */
export interface Finding {
  readonly result: "pass" | "fail" | "skipped";
  readonly means: string;
  readonly todo?: string;
}

/** A job that a check submits, told before so that it can be priced. */
export type Work = {
  /** Where the estimate does not say how much it may cost. */
  readonly mostNeurons?: number;
} & (
  | { readonly via: "description"; readonly request: (media: Media) => JobRequest }
  | {
      readonly via: "upload";
      readonly file: (media: Media) => Blob;
      readonly request: UploadRequest & { readonly name: string };
    }
);

/** How long to wait for what others do, in milliseconds. */
export interface Waits {
  readonly jobMs: number;
  /** From a PUT to the bucket until its job is there. The sweep would find it after minutes: then nobody has announced it. */
  readonly notificationMs: number;
  /** Until the index of meanings has what was written. */
  readonly indexMs: number;
  readonly deliveryMs: number;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface SmokeOptions {
  /** Where Darkroom is, without a slash at the end. */
  readonly baseUrl: string;
  readonly key: string;
  /** Whether it runs on this machine. */
  readonly isLocal: boolean;
  readonly media: Media;
  readonly waits: Waits;
  readonly signal: AbortSignal;
  readonly fetch: Fetch;
  /** Of a page that is to call from a browser. */
  readonly origin?: string | undefined;
  /** A public address that leads to `webhookPort` of this machine. */
  readonly webhookUrl?: string | undefined;
  readonly webhookPort?: number | undefined;
}

/** What the checks of one run share. */
export interface Smoke extends Omit<SmokeOptions, "key"> {
  /** Letters alone, so that a search takes it for a word. */
  readonly runId: string;
  readonly client: Client;
  /** Of a description or a ticket: how the run's jobs are marked and limited. */
  termsOf(work: Work): { tags: string[]; reuse: false; maxNeurons: number };
  submit(work: Work): Promise<Job>;
  /** Submit it, wait, and read it. @throws Failure unless it completes. */
  complete(work: Work): Promise<Job>;
  /** @throws Failure if it has not ended in time. */
  end(id: string): Promise<Job>;
  /** Ask for URLs, to be aborted or completed at the end of the run. */
  announce(
    work: Work & { via: "upload" },
    how: { readonly method: "single" | "multipart"; readonly tag?: string },
  ): Promise<UploadTicket>;
  /** Read until it is as wanted; null where it never is. */
  until<T>(read: () => Promise<T | null>, timeoutMs: number): Promise<T | null>;
  readonly seen: Seen;
}

/** What the closing checks judge. */
export interface Seen {
  readonly jobs: Map<string, Job>;
  readonly uploads: Set<string>;
  readonly answers: { readonly model: string; readonly usage: AskUsage }[];
  /** Of searches, which no receipt has. */
  searchNeurons: number;
}

export interface Check {
  /** One word, for `--only`. */
  readonly name: string;
  readonly work?: readonly Work[];
  /** What it asks of models beside its jobs, in neurons at most: nothing prices questions before. */
  readonly askedNeurons?: number;
  /** What it throws is a failure. */
  run(smoke: Smoke): Promise<Finding>;
}

/** A check's failure, thrown where there is no way on. */
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
