import { segment } from "./address.ts";
import { followEvents } from "./events.ts";
import type {
  BatchResult,
  DeletedJob,
  DryRunEstimate,
  JobEvent,
  PricedResult,
  Receipt,
  SignedLink,
  TranscriptVersion,
  WantedLink,
} from "./contract.ts";
import { type AudioStretch, readAudio } from "./audio.ts";
import type { CallOptions, Http } from "./http.ts";
import { type Listing, listing } from "./listing.ts";
import type {
  AudioQuery,
  CaptionQuery,
  Chunk,
  EditOperation,
  Job,
  JobQuery,
  JobRequest,
  JobSummary,
  Transcript,
} from "./types.ts";
import { type WaitOptions, waitForJob } from "./wait.ts";

export interface SubmitOptions extends CallOptions {
  /** The same key gives the same job. By default the client makes one, so that it may repeat the call. */
  readonly idempotencyKey?: string;
  /** Wait for the job to end, at most this long, before answering. */
  readonly waitSeconds?: number;
}

export interface DeleteOptions extends CallOptions {
  /** Also delete the object that the job read. */
  readonly source?: boolean;
}

/** A result as a stream of its bytes. */
export interface Download {
  readonly stream: ReadableStream<Uint8Array>;
  readonly contentType: string;
  readonly sizeBytes: number | null;
  readonly etag: string | null;
}

export interface DownloadOptions extends CallOptions {
  /** A range of bytes, such as `bytes=0-99`. */
  readonly range?: string;
}

export interface LinkOptions extends CallOptions {
  /** 1 to 86,400; an hour by default. A link ends earlier if the key that signed it is revoked or expires. */
  readonly expiresInSeconds?: number;
}

/** A version of a transcript. `etag` is null while the transcript still grows; `version` is 0 for the original. */
export interface OpenedTranscript {
  readonly transcript: Transcript;
  readonly etag: string | null;
  readonly version: number;
}

export type TranscriptFormat = "json" | "txt" | "vtt" | "srt";

export function createJobs(http: Http) {
  /** Return the transcript so far: parsed for `json`, as text for the other formats. */
  function transcript(id: string, format?: "json", captions?: CaptionQuery, options?: CallOptions): Promise<Transcript>;
  function transcript(
    id: string,
    format: Exclude<TranscriptFormat, "json">,
    captions?: CaptionQuery,
    options?: CallOptions,
  ): Promise<string>;
  function transcript(
    id: string,
    format: TranscriptFormat,
    captions?: CaptionQuery,
    options?: CallOptions,
  ): Promise<Transcript | string>;
  async function transcript(
    id: string,
    format: TranscriptFormat = "json",
    captions: CaptionQuery = {},
    options: CallOptions = {},
  ): Promise<Transcript | string> {
    const query = { ...captions, format };
    const response = await http.request("GET", `${pathOf(id)}/transcript`, { ...options, query });
    return format === "json" ? ((await response.json()) as Transcript) : response.text();
  }

  async function change(method: string, path: string, etag: string, json: unknown, options: CallOptions = {}) {
    const call = { ...options, json, headers: { "if-match": etag }, isRepeatable: true };
    return versionIn(await http.request(method, path, call));
  }

  return {
    /** Submit a job from a description. For a file use `uploads.put`. */
    submit(request: JobRequest, { idempotencyKey, waitSeconds, ...options }: SubmitOptions = {}): Promise<Job> {
      const headers = {
        "idempotency-key": idempotencyKey ?? crypto.randomUUID(),
        ...(waitSeconds !== undefined && { prefer: `wait=${waitSeconds}` }),
      };
      return http.json<Job>("POST", "/v1/jobs", { ...options, json: request, headers, isRepeatable: true });
    },

    /** Submit many jobs at once. Returns one result for each, in the same order. */
    async submitBatch(
      jobs: readonly JobRequest[],
      { idempotencyKey, ...options }: Omit<SubmitOptions, "waitSeconds"> = {},
    ): Promise<readonly BatchResult[]> {
      const headers = { "idempotency-key": idempotencyKey ?? crypto.randomUUID() };
      const call = { ...options, json: { jobs }, headers, isRepeatable: true };
      return (await http.json<{ results: readonly BatchResult[] }>("POST", "/v1/jobs/batch", call)).results;
    },

    /** Return what a job would cost, or why it would be refused. Creates nothing. */
    estimate: (request: JobRequest, options?: CallOptions) =>
      http.json<DryRunEstimate>("POST", "/v1/jobs/estimate", { ...options, json: request, isRepeatable: true }),

    /** Return what each of many jobs would cost. */
    async estimateBatch(jobs: readonly JobRequest[], options?: CallOptions): Promise<readonly PricedResult[]> {
      const call = { ...options, json: { jobs }, isRepeatable: true };
      return (await http.json<{ results: readonly PricedResult[] }>("POST", "/v1/jobs/batch/estimate", call)).results;
    },

    /** Return what a job has cost so far, item by item. */
    receipt: (id: string, options?: CallOptions) => http.json<Receipt>("GET", `${pathOf(id)}/receipt`, options),

    /** Return the chunks of a long recording; empty if it was transcribed in one call. */
    async chunks(id: string, options?: CallOptions): Promise<readonly Chunk[]> {
      return (await http.json<{ chunks: readonly Chunk[] }>("GET", `${pathOf(id)}/chunks`, options)).chunks;
    },

    get: (id: string, options?: CallOptions) => http.json<Job>("GET", pathOf(id), options),

    /** List jobs, newest first. */
    list({ metadata = {}, ...fields }: JobQuery = {}, options?: CallOptions): Listing<JobSummary> {
      const pairs = Object.entries(metadata).map(([key, value]) => [`metadata.${key}`, value]);
      const query = { ...fields, ...(Object.fromEntries(pairs) as Record<string, string>) };
      return listing<JobSummary>(http, { path: "/v1/jobs", name: "jobs", query }, options);
    },

    /** Cancel a job. @throws DarkroomError `job_finished` if it has ended. */
    cancel: (id: string, options?: CallOptions) => http.json<Job>("POST", `${pathOf(id)}/cancel`, options),

    /**
     * Delete a job and its results, even while it runs. With `source`, also delete its source unless another job uses it.
     * @throws DarkroomError `job_not_found` if the job no longer exists.
     */
    delete: (id: string, { source = false, ...options }: DeleteOptions = {}) =>
      http.json<DeletedJob>("DELETE", pathOf(id), { ...options, query: { source: source || undefined } }),

    /** Wait until the job has ended, in any state. `onChange` gets the job after each change. */
    wait: (id: string, options?: WaitOptions): Promise<Job> => waitForJob(http, pathOf(id), options),

    transcript,

    /** Return a version of the transcript (by default the latest) with the tag that an edit needs. */
    async version(id: string, version: "edited" | "original" | number = "edited", options?: CallOptions) {
      return versionIn(await http.request("GET", `${pathOf(id)}/transcript`, { ...options, query: { version } }));
    },

    /**
     * Edit words, or name the speaker. A repeated call makes the change once.
     * @param etag of the version in which the operations count words.
     * @throws DarkroomError `transcript_changed` if there is a newer version: `error.etag` is its tag.
     */
    edit: async (id: string, etag: string, operations: readonly EditOperation[], options?: CallOptions) =>
      change("PATCH", `${pathOf(id)}/transcript`, etag, { operations }, options),

    /** Make an earlier version the latest again; 0 is the original. */
    revert: async (id: string, etag: string, version: number, options?: CallOptions) =>
      change("POST", `${pathOf(id)}/transcript/revert`, etag, { version }, options),

    /** The versions of a transcript, the latest first. */
    async history(id: string, options?: CallOptions): Promise<readonly TranscriptVersion[]> {
      const path = `${pathOf(id)}/transcript/history`;
      return (await http.json<{ versions: readonly TranscriptVersion[] }>("GET", path, options)).versions;
    },

    /** Download one result. Read the stream to its end, or cancel it. */
    download: (id: string, name: string, options?: DownloadOptions): Promise<Download> =>
      download(http, `${pathOf(id)}/artifacts/${segment(name)}`, options),

    /** The object that the job reads, such as the recording that was uploaded. */
    source: (id: string, options?: DownloadOptions): Promise<Download> =>
      download(http, `${pathOf(id)}/source`, options),

    /** Return a stretch of the recording as a file that browsers play; null if it has no sound. For the next stretch, start at its `toMs`. */
    audio: (id: string, asked?: AudioQuery, options?: CallOptions): Promise<AudioStretch | null> =>
      readAudio(http, `${pathOf(id)}/audio`, asked, options),

    /** Create links that need no key, for `<audio>`, `<track>`, `<img>` and `EventSource`, in the order of the request. */
    async links(
      id: string,
      links: readonly WantedLink[],
      { expiresInSeconds, ...options }: LinkOptions = {},
    ): Promise<readonly SignedLink[]> {
      const call = { ...options, json: { links, expiresInSeconds }, isRepeatable: true };
      return (await http.json<{ links: readonly SignedLink[] }>("POST", `${pathOf(id)}/links`, call)).links;
    },

    /** Yield the job's events until it has ended. A broken connection is resumed. */
    events(id: string, options?: CallOptions & { readonly lastEventId?: string }): AsyncGenerator<JobEvent> {
      return followEvents(http, `${pathOf(id)}/events`, options);
    },
  };
}

async function versionIn(response: Response): Promise<OpenedTranscript> {
  return {
    transcript: (await response.json()) as Transcript,
    etag: response.headers.get("etag"),
    version: Number(response.headers.get("x-transcript-version")),
  };
}

async function download(http: Http, path: string, { range, ...options }: DownloadOptions = {}): Promise<Download> {
  const headers = { ...(range !== undefined && { range }) };
  const response = await http.request("GET", path, { ...options, headers });
  const sizeBytes = response.headers.get("content-length");
  return {
    stream: response.body ?? new Blob([]).stream(),
    contentType: response.headers.get("content-type") ?? "application/octet-stream",
    sizeBytes: sizeBytes === null ? null : Number(sizeBytes),
    etag: response.headers.get("etag"),
  };
}

function pathOf(id: string): string {
  return `/v1/jobs/${segment(id)}`;
}
