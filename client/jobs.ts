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
  /** The same key is the same job. One is made up if there is none, so that a call may be tried again. */
  readonly idempotencyKey?: string;
  /** Answer when the job has ended, or after so long. */
  readonly waitSeconds?: number;
}

export interface DeleteOptions extends CallOptions {
  /** The object that the job read goes too. */
  readonly source?: boolean;
}

/** A result as it is read, byte by byte. */
export interface Download {
  readonly stream: ReadableStream<Uint8Array>;
  readonly contentType: string;
  readonly sizeBytes: number | null;
  readonly etag: string | null;
}

export interface DownloadOptions extends CallOptions {
  /** `bytes=0-99` */
  readonly range?: string;
}

export interface LinkOptions extends CallOptions {
  /** 1 to 86,400; an hour if left out. A link ends earlier if the key that signed it does. */
  readonly expiresInSeconds?: number;
}

/** A version of a transcript. `etag` is null while the transcript still grows; `version` is 0 for the original. */
export interface OpenedTranscript {
  readonly transcript: Transcript;
  readonly etag: string | null;
  readonly version: number;
}

export type TranscriptFormat = "json" | "txt" | "vtt" | "srt";

const DRY = { query: { dryRun: true } };

export function createJobs(http: Http) {
  /** The transcript so far: parsed as `json`, else as text. */
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
    /** Submit a job that you describe. Files come in by `uploads.put`. */
    submit(request: JobRequest, { idempotencyKey, waitSeconds, ...options }: SubmitOptions = {}): Promise<Job> {
      const headers = {
        "idempotency-key": idempotencyKey ?? crypto.randomUUID(),
        ...(waitSeconds !== undefined && { prefer: `wait=${waitSeconds}` }),
      };
      return http.json<Job>("POST", "/v1/jobs", { ...options, json: request, headers, isRepeatable: true });
    },

    /** Submit many at once: each has its own result, in the order they were given. */
    async submitBatch(
      jobs: readonly JobRequest[],
      { idempotencyKey, ...options }: Omit<SubmitOptions, "waitSeconds"> = {},
    ): Promise<readonly BatchResult[]> {
      const headers = { "idempotency-key": idempotencyKey ?? crypto.randomUUID() };
      const call = { ...options, json: { jobs }, headers, isRepeatable: true };
      return (await http.json<{ results: readonly BatchResult[] }>("POST", "/v1/jobs/batch", call)).results;
    },

    /** What a job would cost, or why it would not be taken. Makes nothing. */
    estimate: (request: JobRequest, options?: CallOptions) =>
      http.json<DryRunEstimate>("POST", "/v1/jobs", { ...options, json: request, ...DRY, isRepeatable: true }),

    /** What each of many would cost. */
    async estimateBatch(jobs: readonly JobRequest[], options?: CallOptions): Promise<readonly PricedResult[]> {
      const call = { ...options, json: { jobs }, ...DRY, isRepeatable: true };
      return (await http.json<{ results: readonly PricedResult[] }>("POST", "/v1/jobs/batch", call)).results;
    },

    /** What a job has cost so far, item by item. */
    receipt: (id: string, options?: CallOptions) => http.json<Receipt>("GET", `${pathOf(id)}/receipt`, options),

    /** Which part of a long recording is where; none where it was transcribed in one call. */
    async chunks(id: string, options?: CallOptions): Promise<readonly Chunk[]> {
      return (await http.json<{ chunks: readonly Chunk[] }>("GET", `${pathOf(id)}/chunks`, options)).chunks;
    },

    get: (id: string, options?: CallOptions) => http.json<Job>("GET", pathOf(id), options),

    /** Newest first. */
    list({ metadata = {}, ...fields }: JobQuery = {}, options?: CallOptions): Listing<JobSummary> {
      const pairs = Object.entries(metadata).map(([key, value]) => [`metadata.${key}`, value]);
      const query = { ...fields, ...(Object.fromEntries(pairs) as Record<string, string>) };
      return listing<JobSummary>(http, { path: "/v1/jobs", name: "jobs", query }, options);
    },

    /** @throws DarkroomError `job_finished` for a job that has ended. */
    cancel: (id: string, options?: CallOptions) => http.json<Job>("POST", `${pathOf(id)}/cancel`, options),

    /**
     * Delete a job with its results, running or not, and with `source` its source as well unless another job reads it.
     * @throws DarkroomError `job_not_found` for one that is gone.
     */
    delete: (id: string, { source = false, ...options }: DeleteOptions = {}) =>
      http.json<DeletedJob>("DELETE", pathOf(id), { ...options, query: { source: source || undefined } }),

    /** Wait until the job has ended, however. `onChange` sees it each time that it has changed. */
    wait: (id: string, options?: WaitOptions): Promise<Job> => waitForJob(http, pathOf(id), options),

    transcript,

    /** A version of the transcript with its tag, which an edit of it needs: the latest, if nothing else is said. */
    async version(id: string, version: "edited" | "original" | number = "edited", options?: CallOptions) {
      return versionIn(await http.request("GET", `${pathOf(id)}/transcript`, { ...options, query: { version } }));
    },

    /**
     * Edit words, or say who speaks. Sent again, the same change is made once.
     * @param etag of the version whose words the operations count.
     * @throws DarkroomError `transcript_changed` if there is another by now: `error.etag` is its tag.
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

    /** One result. Read the stream, or cancel it. */
    download: (id: string, name: string, options?: DownloadOptions): Promise<Download> =>
      download(http, `${pathOf(id)}/artifacts/${segment(name)}`, options),

    /** The object that the job reads, such as the recording that was uploaded. */
    source: (id: string, options?: DownloadOptions): Promise<Download> =>
      download(http, `${pathOf(id)}/source`, options),

    /** A stretch of the recording as a file that browsers play; null where it has no sound. Ask on from its `toMs`. */
    audio: (id: string, asked?: AudioQuery, options?: CallOptions): Promise<AudioStretch | null> =>
      readAudio(http, `${pathOf(id)}/audio`, asked, options),

    /** Links that need no key, for `<audio>`, `<track>`, `<img>` and `EventSource`: in the order they were asked for. */
    async links(
      id: string,
      links: readonly WantedLink[],
      { expiresInSeconds, ...options }: LinkOptions = {},
    ): Promise<readonly SignedLink[]> {
      const call = { ...options, json: { links, expiresInSeconds }, isRepeatable: true };
      return (await http.json<{ links: readonly SignedLink[] }>("POST", `${pathOf(id)}/links`, call)).links;
    },

    /** What happens to the job until it has ended, and taken up again where the connection broke. */
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
