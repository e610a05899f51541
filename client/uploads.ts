import type * as z from "zod";

import type * as requests from "../producer/uploads/requests.ts";
import type { DryRunEstimate, PendingUpload, StoredPart, TicketPart, UploadTicket } from "./contract.ts";
import type { CallOptions, Http } from "./http.ts";
import { type Progress, putDirect, uploadQuery } from "./put-direct.ts";
import { type Put, putPresigned } from "./put-presigned.ts";
import { uploadPath } from "./upload-path.ts";
import type { Job, SeenUpload, UploadRequest } from "./types.ts";

/** What can be uploaded. A stream's length is not known: it is gathered first. A Node file is `await openAsBlob(path)`. */
export type UploadSource = Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

export interface PutOptions extends UploadRequest, CallOptions {
  readonly contentType?: string;
  readonly onProgress?: (progress: Progress) => void;
  /** Up to this size through the API, above it straight into the bucket. */
  readonly directMaxBytes?: number;
  /** How many bytes a part has that goes straight into the bucket, at least 5 MiB. */
  readonly partSizeBytes?: number;
}

export type TicketRequest = z.input<typeof requests.UploadRequest>;

/** What the API takes: a Worker's request body may be 100 MB. */
export const MAX_DIRECT_BYTES = 100_000_000;

/** Of a file, a dry run reads no more. */
const PRICED_BYTES = 4 * 1024 * 1024;

/** @param put calls presigned URLs, which take no key. */
export function createUploads(http: Http, put: Put) {
  return {
    /** Upload a source and submit its job: through the API, or where it is large in parts straight into the bucket. */
    async put(source: UploadSource, options: PutOptions = {}): Promise<Job> {
      const { contentType, onProgress = ignore, directMaxBytes = MAX_DIRECT_BYTES, ...rest } = options;
      const { partSizeBytes, signal, ...request } = rest;
      const blob = await gather(source);
      const name = request.name ?? (blob instanceof File ? blob.name : undefined);
      const named = { ...request, ...(name !== undefined && { name }) };
      const upload = { blob, request: named, contentType: contentType ?? blob.type, partSizeBytes, onProgress, signal };
      return blob.size <= directMaxBytes ? putDirect(http, upload) : putPresigned(http, put, upload);
    },

    /** What a file's job would cost. Only its beginning is sent, and nothing is stored. */
    async estimate(source: UploadSource, options: UploadRequest & CallOptions = {}): Promise<DryRunEstimate> {
      const { signal, ...request } = options;
      const blob = await gather(source);
      const name = request.name ?? (blob instanceof File ? blob.name : undefined);
      const query = { ...uploadQuery(request), name, dryRun: true, sizeBytes: blob.size };
      const headers = { "content-type": "application/octet-stream" };
      const call = { query, body: blob.slice(0, PRICED_BYTES), headers, signal, isRepeatable: true };
      return http.json<DryRunEstimate>("POST", "/v1/uploads", call);
    },

    /** Only the URLs, for who puts the bytes there otherwise: a browser, another machine. */
    async create(request: TicketRequest, options?: CallOptions): Promise<UploadTicket> {
      const call = { ...options, json: request };
      return (await http.json<{ upload: UploadTicket }>("POST", "/v1/uploads", call)).upload;
    },

    /** One that is not complete yet, with the parts reported as stored. */
    async get(id: string, options?: CallOptions): Promise<PendingUpload> {
      return (await http.json<{ upload: PendingUpload }>("GET", uploadPath(id), options)).upload;
    },

    /** URLs for these parts, or for all that were not reported as stored: the first ones run out. */
    async signParts(id: string, numbers?: readonly number[], options?: CallOptions): Promise<readonly TicketPart[]> {
      const call = { ...options, json: { numbers }, isRepeatable: true };
      return (await http.json<{ upload: UploadTicket }>("POST", `${uploadPath(id)}/parts`, call)).upload.parts ?? [];
    },

    /** The same with the headers that every PUT needs. */
    async sign(id: string, numbers?: readonly number[], options?: CallOptions): Promise<UploadTicket> {
      const call = { ...options, json: { numbers }, isRepeatable: true };
      return (await http.json<{ upload: UploadTicket }>("POST", `${uploadPath(id)}/parts`, call)).upload;
    },

    /** Note down parts as stored, so that an upload that is interrupted goes on after them. */
    async reportParts(id: string, parts: readonly StoredPart[], options?: CallOptions): Promise<void> {
      const call = { ...options, json: { parts }, isRepeatable: true };
      await (await http.request("PUT", `${uploadPath(id)}/parts`, call)).body?.cancel();
    },

    /** Once the bytes are there: the upload becomes a job. A single object has no parts. */
    complete(id: string, parts: readonly StoredPart[] | undefined, options?: CallOptions): Promise<Job> {
      const call = { ...options, json: { parts }, isRepeatable: true };
      return http.json<Job>("POST", `${uploadPath(id)}/complete`, call);
    },

    /** Give it up, and delete its parts. */
    async abort(id: string, options?: CallOptions): Promise<void> {
      await (await http.request("DELETE", uploadPath(id), { ...options, isRepeatable: true })).body?.cancel();
    },

    /** The latest objects seen in the inbox: their job, or why they have none. */
    async list(options?: CallOptions): Promise<readonly SeenUpload[]> {
      return (await http.json<{ uploads: readonly SeenUpload[] }>("GET", "/v1/uploads", options)).uploads;
    },
  };
}

async function gather(source: UploadSource): Promise<Blob> {
  if (source instanceof Blob) return source;
  if (source instanceof ReadableStream) return new Response(source).blob();
  return new Blob([source]);
}

function ignore(): void {}
