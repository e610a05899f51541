import type { CallOptions, Http } from "./http.ts";
import type { AudioQuery } from "./types.ts";

/** A part of a recording, as a file of its own. Times are those of the recording. */
export interface AudioStretch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** A packet earlier than was asked for, at most. */
  readonly fromMs: number;
  /** Perhaps less than was asked for: one answer holds ten minutes, and no more than some megabytes. */
  readonly toMs: number;
  /** Of the whole recording. */
  readonly durationMs: number;
  /** Where the recording goes on without sound, in the file's own time. The file leaves these pauses out. */
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
