import * as z from "zod";

import { decodeText } from "../input/decode-text.ts";
import { defaultKind, isJobKind, JOB_KINDS, JobWork, kindOf } from "../kinds/index.ts";
import type { Media } from "../kinds/kind.ts";
import type { Source } from "../jobs/source.ts";
import { JobMarks } from "../jobs/tags-and-metadata.ts";
import { readJson } from "../input/read-json.ts";
import { convertedFormatOf, detectType, isByImages, isClassifiable } from "./picture-formats.ts";
import { describeUnreadable } from "./unreadable.ts";
import { PROMPTS_PREFIX } from "./storage.ts";
import { AskedSteps } from "../jobs/steps.ts";
import { JobTerms } from "../jobs/terms.ts";
import { boundedText } from "../input/bounded-text.ts";
import { withSteps } from "../jobs/with-steps.ts";

/** What is known about an object before it is read whole. */
export interface UploadHead {
  readonly source: Source;
  /** The first `SNIFF_BYTES`, or all of a smaller object. */
  readonly head: Uint8Array;
  /**
   * R2 custom metadata: `kind`, `options`, `then` and `terms` (JSON) say what to do with the object, `tags` and `metadata`
   * (JSON) mark the job; `declared-bytes` and `accepted-types` (JSON, prefixes) are the limits of the API key that uploaded it.
   */
  readonly metadata: Readonly<Record<string, string>>;
}

export type Route =
  | { readonly type: "job"; readonly work: JobWork; readonly terms: JobTerms; readonly marks: JobMarks }
  /** `field` is set if the request is at fault, and not the object. */
  | { readonly type: "ignored"; readonly reason: string; readonly field?: "then" };

/** The content type that bytes count as if they do not show one themselves. */
const TYPE_OF: Readonly<Record<Media, string>> = {
  audio: "audio/",
  image: "image/",
  text: "text/plain",
  prompt: "text/plain",
};

const AUDIO_SUFFIX =
  /\.(mp3|wav|flac|ogg|oga|opus|m4a|m4b|aac|mp4|mov|mkv|mka|webm|ts|m2ts|mts|aif|aiff|aifc|au|snd|caf)$/i;
const TEXT_SUFFIX = /\.(txt|md)$/i;

/** Return the fields of an object's metadata that limit any job made of it. */
export function limitsOf(object: R2Object): Record<string, string> {
  const fields = Object.entries(object.customMetadata ?? {});
  return Object.fromEntries(fields.filter(([name]) => name === "declared-bytes" || name === "accepted-types"));
}

const HINT = "; a text needs a name that ends in .txt, .md or .prompt";

/**
 * Decide which job an object becomes: by its metadata if set, otherwise by its bytes, otherwise by its name.
 * @param hasImages whether Cloudflare Images is bound, which converts HEIC and AVIF.
 */
export async function routeUpload(upload: UploadHead, { hasImages }: { hasImages: boolean }): Promise<Route> {
  if (upload.source.sizeBytes === 0) return ignored("the object is empty");

  const mime = await detectType(upload.head);
  const format = convertedFormatOf(mime);
  const isConverted = format !== undefined && (hasImages || !isByImages(format));
  const media = isConverted ? "image" : mediaOf(upload, mime);
  const found = mime ?? (media === undefined ? "bytes of an unknown type" : `a file named like ${media}`);

  const refusal = refusalOf(upload, mime ?? (media && TYPE_OF[media]), found);
  if (refusal !== null) return ignored(refusal);
  const unreadable = media === undefined || mime === undefined ? describeUnreadable(upload.head, mime) : null;
  if (unreadable !== null) return ignored(unreadable);

  const kind = upload.metadata["kind"] ?? (media && defaultKind(media));
  if (kind === undefined) return ignored(`no model here reads ${found}${mime === undefined ? HINT : ""}`);
  if (!isJobKind(kind)) return ignored(`metadata 'kind' is '${kind}', expected one of ${JOB_KINDS.join(", ")}`);
  const asked = kindOf(kind);
  if (media === undefined || !asked.uploads.takes.includes(media)) {
    return ignored(`${kind} takes ${asked.uploads.described}, but this is ${found}`);
  }

  if (media === "text" || media === "prompt") {
    const read = decodeText(upload.head, { isWhole: upload.head.length >= upload.source.sizeBytes });
    if (!read.ok) return ignored(`the ${media} ${read.reason}`);
  }

  const options = asked.options.safeParse(parseJson(upload.metadata["options"] ?? "{}"));
  if (!options.success) {
    const issue = options.error.issues[0];
    return ignored(`metadata 'options': ${issue?.path.join(".") ?? ""} ${issue?.message ?? "not valid"}`);
  }
  const work = JobWork.parse({ kind, input: asked.inputOf(upload.source, options.data, media, format) });
  const terms = JobTerms.safeParse(parseJson(upload.metadata["terms"] ?? "{}"));
  if (!terms.success) {
    const issue = terms.error.issues[0];
    return ignored(`metadata 'terms': ${issue?.path.join(".") ?? ""} ${issue?.message ?? "not valid"}`);
  }
  const steps = AskedSteps.safeParse(parseJson(upload.metadata["then"] ?? "[]"));
  if (!steps.success) return ignored(`metadata 'then': ${steps.error.issues[0]?.message ?? "not valid"}`);
  const followed = withSteps(work, steps.data);
  if (!followed.ok) return { ...ignored(followed.reason), field: "then" };
  const { tags = "[]", metadata = "{}" } = upload.metadata;
  const marks = JobMarks.safeParse({ tags: parseJson(tags), metadata: parseJson(metadata) });
  if (marks.success) return { type: "job", work: followed.work, terms: terms.data, marks: marks.data };
  const issue = marks.error.issues[0];
  return ignored(`metadata '${issue?.path.join(".") ?? ""}': ${issue?.message ?? "not valid"}`);
}

/** Return why its API key may not have uploaded it, or null. */
function refusalOf({ source, metadata }: UploadHead, type: string | undefined, found: string): string | null {
  const declared = metadata["declared-bytes"];
  if (declared !== undefined && Number(declared) !== source.sizeBytes) {
    return `it has ${source.sizeBytes} bytes, but ${declared} were declared`;
  }
  const accepted = metadata["accepted-types"];
  if (accepted === undefined) return null;
  const prefixes = z.array(boundedText({ max: 100 })).safeParse(parseJson(accepted));
  if (!prefixes.success) return "metadata 'accepted-types': expected a JSON array of strings";
  if (type !== undefined && prefixes.data.some((prefix) => type.startsWith(prefix))) return null;
  return `its key may upload only ${prefixes.data.join(", ")}, but this is ${found}`;
}

function mediaOf(upload: UploadHead, mime: string | undefined): Media | undefined {
  const { key } = upload.source;
  if (mime !== undefined) {
    if (mime.startsWith("audio/") || mime.startsWith("video/") || mime === "application/ogg") return "audio";
    // SVG is left out on purpose: it is a program, and no model here reads it.
    return isClassifiable(mime) ? "image" : undefined;
  }
  if (AUDIO_SUFFIX.test(key)) return "audio";
  if (key.endsWith(".prompt")) return "prompt";
  if (TEXT_SUFFIX.test(key)) return key.startsWith(PROMPTS_PREFIX) ? "prompt" : "text";
  return undefined;
}

function ignored(reason: string): Route & { readonly type: "ignored" } {
  return { type: "ignored", reason };
}

/** Text that is not JSON, or exceeds a limit, stays a string: the schema then says what it expected instead. */
function parseJson(json: string): unknown {
  const read = readJson(json);
  return read.ok ? read.value : json;
}
