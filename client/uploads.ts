import type * as z from "zod";

import type * as requests from "../producer/uploads/requests.ts";
import type { DryRunEstimate, PendingUpload, StoredPart, TicketPart, UploadTicket } from "./contract.ts";
import type { CallOptions, Http } from "./http.ts";
import { type Progress, putDirect, uploadQuery } from "./put-direct.ts";
import { type Put, putPresigned } from "./put-presigned.ts";
import { uploadPath } from "./address.ts";
import type { Job, SeenUpload, UploadRequest } from "./types.ts";

/** What can be uploaded. The length of a stream is unknown, so it is read into memory first. In Node, use `await openAsBlob(path)` for a file. */
export type UploadSource = Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

export interface PutOptions extends UploadRequest, CallOptions {
  readonly contentType?: string;
  readonly onProgress?: (progress: Progress) => void;
  /** A file up to this size goes through the API; a larger one goes directly into the bucket. */
  readonly directMaxBytes?: number;
  /** The size of a part that goes directly into the bucket, at least 5 MiB. */
  readonly partSizeBytes?: number;
}

export type TicketRequest = z.input<typeof requests.UploadRequest>;

/** The most that the API accepts: the body of a request to a Worker may be 100 MB. */
export const MAX_DIRECT_BYTES = 100_000_000;

/** An estimate reads no more than this much of a file. */
const PRICED_BYTES = 4 * 1024 * 1024;

/** @param put calls presigned URLs, which need no key. */
export function createUploads(http: Http, put: Put) {
  return {
    /** Upload a source and submit its job: through the API, or directly into the bucket in parts if it is large. */
    async put(source: UploadSource, options: PutOptions = {}): Promise<Job> {
      const { contentType, onProgress = ignore, directMaxBytes = MAX_DIRECT_BYTES, ...rest } = options;
      const { partSizeBytes, signal, ...request } = rest;
      const blob = await gather(source);
      const name = request.name ?? (blob instanceof File ? blob.name : undefined);
      const named = { ...request, ...(name !== undefined && { name }) };
      const upload = { blob, request: named, contentType: contentType ?? blob.type, partSizeBytes, onProgress, signal };
      return blob.size <= directMaxBytes ? putDirect(http, upload) : putPresigned(http, put, upload);
    },

    /** Return what a file's job would cost. Sends only the beginning of the file and stores nothing. */
    async estimate(source: UploadSource, options: UploadRequest & CallOptions = {}): Promise<DryRunEstimate> {
      const { signal, ...request } = options;
      const blob = await gather(source);
      const name = request.name ?? (blob instanceof File ? blob.name : undefined);
      const query = { ...uploadQuery(request), name, sizeBytes: blob.size };
      const headers = { "content-type": "application/octet-stream" };
      const call = { query, body: blob.slice(0, PRICED_BYTES), headers, signal, isRepeatable: true };
      return http.json<DryRunEstimate>("POST", "/v1/uploads/estimate", call);
    },

    /** Create an upload and return only its URLs, for a browser or another machine that sends the bytes. */
    async create(request: TicketRequest, options?: CallOptions): Promise<UploadTicket> {
      const call = { ...options, json: request };
      return (await http.json<{ upload: UploadTicket }>("POST", "/v1/uploads/announce", call)).upload;
    },

    /** Return an upload that is not complete, with the parts reported as stored. */
    async get(id: string, options?: CallOptions): Promise<PendingUpload> {
      return (await http.json<{ upload: PendingUpload }>("GET", uploadPath(id), options)).upload;
    },

    /** Sign URLs for these parts, or for all parts not yet reported as stored. Needed when the first URLs have expired. */
    async signParts(id: string, numbers?: readonly number[], options?: CallOptions): Promise<readonly TicketPart[]> {
      const call = { ...options, json: { numbers }, isRepeatable: true };
      return (await http.json<{ upload: UploadTicket }>("POST", `${uploadPath(id)}/parts`, call)).upload.parts ?? [];
    },

    /** Sign the same URLs, and return the headers that every PUT needs. */
    async sign(id: string, numbers?: readonly number[], options?: CallOptions): Promise<UploadTicket> {
      const call = { ...options, json: { numbers }, isRepeatable: true };
      return (await http.json<{ upload: UploadTicket }>("POST", `${uploadPath(id)}/parts`, call)).upload;
    },

    /** Report parts as stored, so that an interrupted upload can continue after them. */
    async reportParts(id: string, parts: readonly StoredPart[], options?: CallOptions): Promise<void> {
      const call = { ...options, json: { parts }, isRepeatable: true };
      await (await http.request("PUT", `${uploadPath(id)}/parts`, call)).body?.cancel();
    },

    /** Complete an upload whose bytes are stored; it becomes a job. A single object has no parts. */
    complete(id: string, parts: readonly StoredPart[] | undefined, options?: CallOptions): Promise<Job> {
      const call = { ...options, json: { parts }, isRepeatable: true };
      return http.json<Job>("POST", `${uploadPath(id)}/complete`, call);
    },

    /** Abort an upload and delete its parts. */
    async abort(id: string, options?: CallOptions): Promise<void> {
      await (await http.request("DELETE", uploadPath(id), { ...options, isRepeatable: true })).body?.cancel();
    },

    /** List the latest objects in the inbox, with their job or why they do not have one. */
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
