import { asciiAt } from "../audio/reading/bytes.ts";

/** What people send that no kind of job reads: what it is, and how to make it readable. */
interface Unreadable {
  readonly name: string;
  readonly remedy: string;
}

const IPHONE = " (on an iPhone: Settings, Camera, Formats, Most Compatible)";

/** docs/deploying.md says what it costs. */
const OR_IMAGES =
  '. The operator can have Cloudflare Images convert such pictures: "images": { "binding": "IMAGES" } in wrangler.jsonc.';

/** By the type that `file-type` finds. */
const BY_TYPE: Readonly<Record<string, Unreadable>> = {
  "image/heic": { name: "a HEIC picture", remedy: `${toJpeg("heic")}${IPHONE}${OR_IMAGES}` },
  "image/heif": { name: "a HEIF picture", remedy: `${toJpeg("heif")}${IPHONE}${OR_IMAGES}` },
  "image/heic-sequence": { name: "a HEIC picture", remedy: `${toJpeg("heic")}${IPHONE}${OR_IMAGES}` },
  "image/avif": { name: "an AVIF picture", remedy: `${toJpeg("avif")}${OR_IMAGES}` },
  "image/jxl": { name: "a JPEG XL picture", remedy: toJpeg("jxl") },
  "image/vnd.adobe.photoshop": { name: "a Photoshop picture", remedy: "Export it as JPEG or PNG." },
  "image/x-icon": { name: "an icon", remedy: toJpeg("ico") },
  "application/xml": { name: "an XML file", remedy: "Export a drawing as PNG, and send a text as a .txt file." },
  "image/svg+xml": { name: "an SVG drawing", remedy: "Export it as PNG: magick drawing.svg drawing.png" },
  "application/pdf": {
    name: "a PDF document",
    remedy: "Send its text as a .txt file, or a page as a picture: pdftoppm -png document.pdf page",
  },
  "application/zip": { name: "a ZIP archive", remedy: "Send the files in it one by one." },
  "application/gzip": { name: "a gzip archive", remedy: "Unpack it and send what is in it: gunzip file.gz" },
  "application/x-rar-compressed": { name: "a RAR archive", remedy: "Send the files in it one by one." },
  "application/x-7z-compressed": { name: "a 7z archive", remedy: "Send the files in it one by one." },
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": {
    name: "a Word document",
    remedy: "Save it as plain text (.txt) and send that.",
  },
};

const FORM =
  "this is a multipart form, not the file itself. Send the file's bytes as the body: curl --data-binary @recording.mp3 (not --form)";

const SEGMENT =
  "this is a segment of a stream (.m4s), which cannot be read alone. Join all segments after the first part of the stream: cat init.mp4 segment-*.m4s > recording.mp4";

/** The first box of a segment (ISO/IEC 14496-12, 8.16). A whole file begins with others. */
const SEGMENT_BOXES = new Set(["styp", "moof", "sidx"]);

/** A form's first boundary, and the header of its first part. A file that is meant begins otherwise. */
const FORM_BEGINNING = /^--[^\r\n]{1,70}\r?\nContent-Disposition: *form-data/i;
const FORM_BYTES = 200;

/**
 * Say what bytes are that no kind of job takes, and what to do.
 * @param mime what `file-type` finds in them.
 * @returns null for bytes about which nothing more is known.
 */
export function describeUnreadable(head: Uint8Array, mime: string | undefined): string | null {
  if (FORM_BEGINNING.test(asciiAt(head, 0, FORM_BYTES))) return FORM;
  // The length in front of a box is less than 16 MB. A text has no zero there.
  if (head[0] === 0 && SEGMENT_BOXES.has(asciiAt(head, 4, 4))) return SEGMENT;
  const known = mime === undefined ? undefined : BY_TYPE[mime];
  return known === undefined ? null : `this is ${known.name}, which no model here reads. ${known.remedy}`;
}

function toJpeg(ending: string): string {
  return `Convert it to JPEG or PNG: magick picture.${ending} picture.jpg`;
}
