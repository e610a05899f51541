import { type Context, Hono } from "hono";
import type * as z from "zod";

import { sha256Hex } from "../../shared/hash.ts";
import { intakeOf } from "../../shared/jobs/intake.ts";
import type { App } from "../http/app.ts";
import { describe, type Description, query } from "../http/describe.ts";
import { matchesEtag } from "../http/etag.ts";
import { problem } from "../http/problem.ts";
import { sendBytes } from "../http/send-object.ts";
import { type Located, locateStretch, readStretch, type ReadStretch } from "./read-stretch.ts";
import { AudioQuery } from "./requests.ts";

/** This version of the cutter always cuts the same part of the same object into the same bytes. Raise it when they change. */
const CUTTER_VERSION = 1;

const HELD = {
  "x-audio-from-ms": "where the answer begins in the recording, in milliseconds",
  "x-audio-to-ms": "where it ends; send this as `fromMs` to read on",
  "x-audio-duration-ms": "the length of the whole recording",
} as const;

/** What both routes to a stretch answer, the one with a key and the signed one. */
export const AUDIO = {
  summary: "Read a stretch of the recording as a file of its own, which a browser can play",
  description:
    "Returns a part of the recording as a file that browsers play. `x-audio-to-ms` says where it ends: start the next stretch there.",
  tags: ["results"],
  parameters: [
    { in: "header", name: "If-None-Match", schema: { type: "string" } },
    { in: "header", name: "Range", description: "one range of bytes", schema: { type: "string" } },
  ],
  answers: {
    200: {
      description: "the stretch, or as much of it as one answer may have; the headers say how much",
      media: ["audio/wav", "audio/mpeg", "audio/mp4", "audio/flac", "audio/ogg"],
      headers: {
        ...HELD,
        "x-audio-pauses":
          "`12000+3500,…`: after 12,000 ms of the file, 3,500 ms of the recording are left out because they have no sound",
        etag: "the version of these bytes",
      },
    },
    204: { description: "the recording has no sound there", headers: HELD },
    206: { description: "the range", media: ["audio/*"], headers: { "content-range": "the range that was sent" } },
    304: { description: "it has not changed" },
  },
  problems: [
    "invalid_request",
    "job_not_found",
    "artifact_not_found",
    "source_not_found",
    "range_not_satisfiable",
    "unreadable_recording",
  ],
} satisfies Omit<Description, "operationId">;

export const audio = new Hono<App>();
audio.get("/:id/audio", describe({ ...AUDIO, operationId: "readAudio" }), query(AudioQuery), sendAudio);

type Asked = { in: { query: z.input<typeof AudioQuery> }; out: { query: AudioQuery } };

/** Send a stretch. It is cut from the recording for each answer, and not stored. */
export async function sendAudio(c: Context<App, "/:id/audio", Asked>): Promise<Response> {
  const id = c.req.param("id");
  const deps = intakeOf(c.env);
  const located = await locateStretch({ id, ownerId: c.get("ownerId") }, c.req.valid("query"), deps);
  if ("code" in located) return problem(c, located);
  const headers = { etag: await etagOf(located), "cache-control": "private, max-age=3600" };
  if (matchesEtag(c.req.header("if-none-match"), headers.etag)) return c.body(null, 304, headers);
  const read = await readStretch(id, located, deps);
  if ("code" in read) return problem(c, read);
  const held = { ...headers, ...headersOf(read) };
  if (read.file === null) return c.body(null, 204, held);
  const { bytes, contentType } = read.file;
  return sendBytes(c, bytes, { ...held, "content-type": contentType, "x-content-type-options": "nosniff" });
}

async function etagOf({ source, stretch: { startMs, endMs } }: Located): Promise<string> {
  return `"${await sha256Hex(JSON.stringify([CUTTER_VERSION, source.etag, startMs, endMs]), { bytes: 12 })}"`;
}

function headersOf({ fromMs, toMs, durationMs, file }: ReadStretch): Record<string, string> {
  const pauses = (file?.pauses ?? []).map(({ atMs, lengthMs }) => `${Math.round(atMs)}+${Math.round(lengthMs)}`);
  return {
    "x-audio-from-ms": String(fromMs),
    "x-audio-to-ms": String(toMs),
    "x-audio-duration-ms": String(durationMs),
    // A recording with many dropouts may have hundreds of pauses; a header may have some kilobytes.
    ...(pauses.length > 0 && { "x-audio-pauses": pauses.slice(0, 200).join(",") }),
  };
}
