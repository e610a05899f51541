import type { CallOptions, Http } from "./http.ts";
import type { AudioQuery } from "./types.ts";

/** A part of a recording, as a file of its own. Times are in the recording's time. */
export interface AudioStretch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** The requested start, or at most one packet earlier. */
  readonly fromMs: number;
  /** May be less than requested: one answer holds at most ten minutes and a few megabytes. */
  readonly toMs: number;
  /** The length of the whole recording. */
  readonly durationMs: number;
  /** Pauses in the recording that the file leaves out; `atMs` is in the file's time. */
  readonly pauses: readonly { readonly atMs: number; readonly lengthMs: number }[];
}

export async function readAudio(
  http: Http,
  path: string,
  query: AudioQuery = {},
  options: CallOptions = {},
): Promise<AudioStretch | null> {
  const response = await http.request("GET", path, { ...options, query });
  if (response.status === 204) return null;
  const { headers } = response;
  const pauses = headers.get("x-audio-pauses")?.split(",") ?? [];
  return {
    bytes: new Uint8Array(await response.arrayBuffer()),
    contentType: headers.get("content-type") ?? "application/octet-stream",
    fromMs: Number(headers.get("x-audio-from-ms")),
    toMs: Number(headers.get("x-audio-to-ms")),
    durationMs: Number(headers.get("x-audio-duration-ms")),
    pauses: pauses.map((pause) => {
      const [atMs = 0, lengthMs = 0] = pause.split("+").map(Number);
      return { atMs, lengthMs };
    }),
  };
}
