import { fileTypeFromBuffer } from "file-type";

import { JOB_KINDS, type JobKind } from "./job.ts";
import { JobMarks } from "./marks.ts";
import { JobWork, type Source } from "./new-job.ts";
import { PROMPTS_PREFIX } from "./storage.ts";
import { JobTerms } from "./terms.ts";

/** What is known of an object before it is read whole. */
export interface UploadHead {
  readonly source: Source;
  /** The first `SNIFF_BYTES`, or all of a smaller object. */
  readonly head: Uint8Array;
  /** R2 custom metadata: `kind`, `options` and `terms` (JSON) say what to do; `tags` and `metadata` (JSON) mark the job. */
  readonly metadata: Readonly<Record<string, string>>;
}

export type Route =
  | { readonly type: "job"; readonly work: JobWork; readonly terms: JobTerms; readonly marks: JobMarks }
  | { readonly type: "ignored"; readonly reason: string };

type Media = "audio" | "image" | "text" | "prompt";

const KIND_OF: Readonly<Record<Media, JobKind>> = {
  audio: "transcription",
  image: "classification",
  text: "classification",
  prompt: "image_generation",
};

const ACCEPTS: Readonly<Record<JobKind, { readonly media: readonly Media[]; readonly wants: string }>> = {
  transcription: { media: ["audio"], wants: "audio or video" },
  image_generation: { media: ["text", "prompt"], wants: "a text prompt" },
  classification: { media: ["image", "text"], wants: "a picture (JPEG, PNG, WebP, GIF) or a text" },
};

const CLASSIFIABLE_IMAGES = new Set(["image/jpeg", "image/png", "image/webp", "image/gif"]);
const AUDIO_SUFFIX = /\.(mp3|wav|flac|ogg|oga|opus|m4a|aac|mp4|mov|mkv|webm|ts)$/i;
const TEXT_SUFFIX = /\.(txt|md)$/i;

const HINT = "; a text needs a name that ends in .txt, .md or .prompt";

/** Which job an object becomes: what its metadata says, else what its bytes are, else what its name claims. */
export async function routeUpload(upload: UploadHead): Promise<Route> {
  if (upload.source.sizeBytes === 0) return ignored("the object is empty");

  // A head that its parser stumbles over is of an unknown type.
  const mime = (await fileTypeFromBuffer(upload.head).catch(() => undefined))?.mime;
  const media = mediaOf(upload, mime);
  const found = mime ?? (media === undefined ? "bytes of an unknown type" : `a file named like ${media}`);

  const kind = upload.metadata["kind"] ?? (media && KIND_OF[media]);
  if (kind === undefined) return ignored(`no kind of job takes ${found}${mime === undefined ? HINT : ""}`);
  if (!isJobKind(kind)) return ignored(`metadata 'kind' is '${kind}', expected one of ${JOB_KINDS.join(", ")}`);
  if (media === undefined || !ACCEPTS[kind].media.includes(media)) {
    return ignored(`${kind} takes ${ACCEPTS[kind].wants}, and this is ${found}`);
  }

  const options = parseJson(upload.metadata["options"] ?? "{}");
  const input = { source: upload.source, options, ...(kind === "classification" && { media }) };
  const work = JobWork.safeParse({ kind, input });
  if (!work.success) {
    const issue = work.error.issues[0];
    return ignored(`metadata 'options': ${issue?.path.slice(2).join(".") ?? ""} ${issue?.message ?? "not valid"}`);
  }
  const terms = JobTerms.safeParse(parseJson(upload.metadata["terms"] ?? "{}"));
  if (!terms.success) {
    const issue = terms.error.issues[0];
    return ignored(`metadata 'terms': ${issue?.path.join(".") ?? ""} ${issue?.message ?? "not valid"}`);
  }
  const { tags = "[]", metadata = "{}" } = upload.metadata;
  const marks = JobMarks.safeParse({ tags: parseJson(tags), metadata: parseJson(metadata) });
  if (marks.success) return { type: "job", work: work.data, terms: terms.data, marks: marks.data };
  const issue = marks.error.issues[0];
  return ignored(`metadata '${issue?.path.join(".") ?? ""}': ${issue?.message ?? "not valid"}`);
}

function mediaOf(upload: UploadHead, mime: string | undefined): Media | undefined {
  const { key } = upload.source;
  if (mime !== undefined) {
    if (mime.startsWith("audio/") || mime.startsWith("video/") || mime === "application/ogg") return "audio";
    // SVG is left out on purpose: it is a program, and no model here reads it.
    return CLASSIFIABLE_IMAGES.has(mime) ? "image" : undefined;
  }
  if (AUDIO_SUFFIX.test(key)) return "audio";
  if (upload.head.includes(0)) return undefined;
  if (key.endsWith(".prompt")) return "prompt";
  if (TEXT_SUFFIX.test(key)) return key.startsWith(PROMPTS_PREFIX) ? "prompt" : "text";
  return undefined;
}

function ignored(reason: string): Route {
  return { type: "ignored", reason };
}

function isJobKind(kind: string): kind is JobKind {
  return JOB_KINDS.some((known) => known === kind);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // The schema then says what it expected instead.
  }
}
