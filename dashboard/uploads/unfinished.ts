// Remembers unfinished uploads in parts in the browser. The browser cannot keep the file itself.
import { signal } from "@preact/signals";

import { DarkroomError } from "../../client/index.ts";
import { api } from "../api/session.ts";
import { tellError } from "../shell/toasts.tsx";

export interface Unfinished {
  readonly uploadId: string;
  readonly key: string;
  readonly partSizeBytes: number;
  readonly name: string;
  readonly sizeBytes: number;
  readonly lastModified: number;
  readonly begunAt: number;
}

const STORED_AS = "darkroom.uploads";

/** The uploads that a closed page has interrupted, with the bytes that the API has stored. */
export const unfinished = signal<readonly (Unfinished & { readonly storedBytes: number })[]>([]);

function read(): readonly Unfinished[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED_AS) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isUnfinished) : [];
  } catch {
    return [];
  }
}

function isUnfinished(value: unknown): value is Unfinished {
  if (typeof value !== "object" || value === null) return false;
  const { uploadId, key, name, partSizeBytes, sizeBytes } = value as Partial<Record<keyof Unfinished, unknown>>;
  return (
    [uploadId, key, name].every((one) => typeof one === "string") &&
    [partSizeBytes, sizeBytes].every((one) => typeof one === "number")
  );
}

function write(all: readonly Unfinished[]): void {
  if (all.length === 0) localStorage.removeItem(STORED_AS);
  else localStorage.setItem(STORED_AS, JSON.stringify(all));
}

export function remember(upload: Unfinished): void {
  write([...read().filter(({ uploadId }) => uploadId !== upload.uploadId), upload]);
}

export function forget(uploadId: string): void {
  write(read().filter((upload) => upload.uploadId !== uploadId));
  unfinished.value = unfinished.value.filter((upload) => upload.uploadId !== uploadId);
}

/** Read the state of the remembered uploads. Forget those that are complete, aborted or expired. */
export async function findUnfinished(underWay: ReadonlySet<string>): Promise<void> {
  const found = await Promise.all(
    read()
      .filter(({ uploadId }) => !underWay.has(uploadId))
      .map(async (upload) => {
        try {
          const { state, storedParts = [] } = await api().uploads.get(upload.uploadId);
          if (state !== "pending") return null;
          return { ...upload, storedBytes: Math.min(upload.sizeBytes, storedParts.length * upload.partSizeBytes) };
        } catch (error) {
          const isGone = error instanceof DarkroomError && error.status === 404;
          return isGone ? null : { ...upload, storedBytes: 0 };
        }
      }),
  );
  const left = found.filter((upload) => upload !== null);
  write(read().filter(({ uploadId }) => underWay.has(uploadId) || left.some((one) => one.uploadId === uploadId)));
  unfinished.value = left;
}

/** Return the unfinished upload of this file: the one with the same name, size and time. */
export function unfinishedFor(file: File): Unfinished | undefined {
  return unfinished.value.find(
    ({ name, sizeBytes, lastModified }) =>
      name === file.name && sizeBytes === file.size && lastModified === file.lastModified,
  );
}

/** Abort an upload and delete its parts. */
export async function discard(uploadId: string): Promise<void> {
  try {
    await api().uploads.abort(uploadId);
  } catch (error) {
    if (!(error instanceof DarkroomError && error.status === 404)) {
      tellError(error);
      return;
    }
  }
  forget(uploadId);
}
