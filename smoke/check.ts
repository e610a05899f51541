// What a check is, and what it can find.
import type { JobRequest, UploadRequest } from "../client/index.ts";
import type { Media } from "./media.ts";
import type { Smoke } from "./smoke.ts";

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
