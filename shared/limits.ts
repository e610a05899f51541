// The limits that a user can run into, each with its reason.
import { DAY_MS } from "./durations.ts";

/** A Worker's request body may be 100 MB on Free and Pro plans; larger files go straight into R2. */
export const MAX_UPLOAD_BYTES = 100_000_000;

/** A job description is a few options and a prompt. Anything near this is a mistake or an attack. */
export const MAX_JSON_BYTES = 1_000_000;

/** R2's own limit, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;

/**
 * One call to Whisper. The real limit is undocumented: users report refusals (code 3006) from 2.9 MB and successes up to 23 MB,
 * so the platform decides. This limit only keeps the isolate alive: base64, its string and JSON take about four times as much.
 */
export const MAX_AUDIO_BYTES = 8_000_000;

/** `@cf/openai/whisper` and `whisper-tiny-en` take an array of numbers: about fifteen bytes of memory for each byte. */
export const MAX_AUDIO_ARRAY_BYTES = 3_000_000;

/** How many bytes of the memory limit below one byte takes if it is sent as an array of numbers instead of base64. */
export const ARRAY_WEIGHT = 4;

/** `resnet-50` takes an array of numbers as well. */
export const MAX_IMAGE_BYTES = 3_000_000;

/** For a description: the largest picture that is generated here, 1920 × 1920 as a PNG that hardly compresses. */
export const MAX_DESCRIBED_BYTES = 12_000_000;

/**
 * The longest side of a picture that was converted for a model, in pixels. `resnet-50` reads 224, and moondream little more. As PNG
 * it never exceeds `MAX_IMAGE_BYTES`.
 */
export const MAX_CONVERTED_SIDE = 960;

/** BMP and TIFF are read piece by piece. `MAX_IMAGE_PIXELS` of eight bytes are 400 MB. */
export const MAX_BITMAP_BYTES = 400_000_000;

/** The limit of Cloudflare Images (developers.cloudflare.com/images/get-started/limits). */
export const MAX_TRANSFORMED_BYTES = 100_000_000;

/** Decoders allocate width × height × 4 whatever the file's size: 50 MP is 200 MB on the model's side. */
export const MAX_IMAGE_PIXELS = 50_000_000;

// Characters are code points: shared/input/characters.ts.

/** A text to classify: distilbert reads 512 tokens and ignores the rest. */
export const MAX_TEXT_CHARS = 10_000;

/** A question about a transcript is a paragraph. Anything longer is a text of its own. */
export const MAX_QUESTION_CHARS = 1000;

/** FLUX.1's own limit, kept for all image models. */
export const MAX_PROMPT_CHARS = 2048;

/** Pictures of one prompt in a job. They are generated one after the other, within one attempt. */
export const MAX_PICTURES = 4;

/** The text that Whisper gets beforehand: it reads 224 tokens of it. */
export const MAX_INITIAL_PROMPT_CHARS = 1000;

/**
 * Return the largest size of a file with this many characters: up to four bytes each, a byte-order mark and blank lines at the
 * end.
 */
export function maxFileBytes(maxChars: number): number {
  return maxChars * 4 + 1000;
}

/** An object's options as JSON: an object carries 8 kB of metadata. */
export const MAX_OPTIONS_CHARS = 4000;

/** Ids are ours and far shorter, but a request may ask about any string. */
export const MAX_ID_CHARS = 100;

/**
 * The address of a request, in bytes. Cloudflare's own limit (developers.cloudflare.com/workers/platform/limits, 16 KB), which
 * the local runtime does not enforce.
 */
export const MAX_REQUEST_ADDRESS_BYTES = 16_384;

/**
 * An address that is called: a webhook's, or a source's. Addresses that S3 signs with a session token have about 2,000
 * characters.
 */
export const MAX_ADDRESS_CHARS = 4096;

/** Source bytes that the tasks of an isolate may hold at once. With base64 and JSON they take some 90 MB of its 128. */
export const SOURCE_BYTES_IN_FLIGHT = 20_000_000;

/** How much of an object's head `file-type` needs to recognise it; this is its own default sample. */
export const SNIFF_BYTES = 4100;

/**
 * An upload through presigned URLs. R2 stores 5 TiB. This is a day of uncompressed studio sound or of 4K video; a larger number
 * is more likely a mistake than a recording.
 */
export const MAX_PRESIGNED_BYTES = 50_000_000_000;

/** R2's own limit of a single PUT is 4.995 GiB. */
export const MAX_SINGLE_PUT_BYTES = 5_000_000_000;

/**
 * R2's own limits: every part but the last has at least 5 MiB, all but the last are equal, and there are at most 10,000. The
 * largest upload in the smallest parts has 9,537.
 */
export const MIN_PART_BYTES = 5 * 1024 * 1024;
export const MAX_PARTS = 10_000;

/** Small enough to send again without regret, large enough for few requests. It grows so that all URLs fit one answer. */
export const DEFAULT_PART_BYTES = 16 * 1024 * 1024;

/** The URLs in one answer: 1,000 URLs are half a megabyte. */
export const MAX_URLS_AN_ANSWER = 1000;

/** A leaked URL can be used for a day, and a slow connection has a day for its upload. */
export const PRESIGNED_SECONDS = 24 * 3600;

/** R2 aborts a multipart upload after seven days; we stop signing for it a day earlier. */
export const MAX_UPLOAD_AGE_MS = 6 * DAY_MS;

/** A signed link lasts long enough to fetch a result at leisure, but a link in a log is soon worthless. */
export const SIGNED_URL_SECONDS = 3600;

/** The longest term that a client may ask for. */
export const MAX_SIGNED_URL_SECONDS = 86_400;

/**
 * A text for a text model: a prompt, a message before it. It is about 50,000 tokens. What exceeds the model's context is cut, with a
 * notice.
 */
export const MAX_CHAT_CHARS = 200_000;

/** A prompt in a file: some 250,000 tokens, more than any model here reads. The middle of it is cut, with a notice. */
export const MAX_PROMPT_FILE_CHARS = 1_000_000;

/** Instructions for a text model are a page. */
export const MAX_SYSTEM_CHARS = 20_000;

/** A longer conversation exceeds the context of the models here. */
export const MAX_CHAT_MESSAGES = 200;

/** How much a text model may write: some 3,000 words, which takes a minute. */
export const MAX_OUTPUT_TOKENS = 4096;
