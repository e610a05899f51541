import { readPicture } from "../pictures/read-picture.ts";
import { transformPicture } from "../pictures/transform.ts";
import { UnreadablePicture } from "../pictures/unreadable-picture.ts";
import { writePng } from "../pictures/png.ts";
import { r2Source, SourceChanged } from "../../shared/audio/reading/byte-source.ts";
import type { Connections } from "../../shared/connections.ts";
import type { Outcome, StoredArtifact } from "../../shared/jobs/outcome.ts";
import type { Source } from "../../shared/jobs/source.ts";
import { CONVERTED } from "../../shared/kinds/classification/kind.ts";
import { MAX_BITMAP_BYTES, MAX_CONVERTED_SIDE, MAX_IMAGE_BYTES, MAX_TRANSFORMED_BYTES } from "../../shared/limits.ts";
import { patiently } from "../../shared/uploads/patient.ts";
import { type ConvertedFormat, isByImages } from "../../shared/uploads/picture-formats.ts";
import type { Attempt, MediaOf } from "../runner/attempt.ts";
import type { IsolateMemory } from "../runner/memory-limit.ts";
import { discard } from "./processor.ts";
import type { Results } from "./results.ts";
import { artifactOf } from "./store-artifact.ts";

/** A picture that was converted for the models: at most `MAX_IMAGE_BYTES`. */
export interface ConvertedPicture {
  readonly artifact: StoredArtifact;
  readonly bytes: Uint8Array;
}

export interface UnconvertedPicture {
  readonly source: Source;
  readonly format: ConvertedFormat;
  /** How many bytes of the memory limit one byte of the picture takes where it is sent. */
  readonly weight: number;
}

/**
 * Give a task a picture in a format that a model takes. It is stored before the model is asked, so a later attempt and the job's
 * other tasks convert nothing, and Images is not paid again. A picture that cannot be read discards the task.
 */
export type WithConverted = (
  attempt: Attempt,
  from: UnconvertedPicture,
  work: (picture: ConvertedPicture) => Promise<Outcome>,
) => Promise<Outcome>;

interface Deps {
  readonly media: MediaOf;
  readonly memory: IsolateMemory;
  readonly results: Results;
  readonly images: ImagesBinding | undefined;
  readonly connections: Connections;
}

export function createWithConverted({ media, memory, results, images, connections }: Deps): WithConverted {
  /** Find the picture that an earlier attempt stored. */
  async function findConverted(attempt: Attempt): Promise<ConvertedPicture | null> {
    const known = await results.reuse(attempt, CONVERTED);
    if (known === null) return null;
    const bytes = await patiently(async () => (await media(attempt).get(known.key))?.bytes());
    return bytes === undefined ? null : { artifact: artifactOf(known), bytes };
  }

  async function convert(attempt: Attempt, source: Source, format: ConvertedFormat): Promise<ConvertedPicture> {
    if (isByImages(format)) {
      const bytes = await transform(attempt, source, format);
      return store(attempt, { name: `${CONVERTED}jpg`, contentType: "image/jpeg", bytes });
    }
    const picture = await readPicture(r2Source(media(attempt), source), format, MAX_CONVERTED_SIDE);
    return store(attempt, { name: `${CONVERTED}png`, contentType: "image/png", bytes: await writePng(picture) });
  }

  async function transform(attempt: Attempt, { key, etag }: Source, format: "heic" | "avif"): Promise<Uint8Array> {
    // It was bound when the job was accepted.
    if (images === undefined) {
      throw new UnreadablePicture(
        `No model here reads ${format.toUpperCase()}, and Cloudflare Images is not bound any more. Convert the picture to JPEG or PNG: magick picture.${format} picture.jpg`,
      );
    }
    const object = await patiently(() => media(attempt).get(key, { onlyIf: { etagMatches: etag } }));
    if (object === null) throw new SourceChanged("source_missing", key);
    if (!("body" in object)) throw new SourceChanged("source_replaced", key);
    const bytes = await transformPicture(images, object.body, { format, connections, signal: attempt.signal });
    attempt.operations.imageTransformations = (attempt.operations.imageTransformations ?? 0) + 1;
    return bytes;
  }

  async function store(
    attempt: Attempt,
    { name, contentType, bytes }: { name: string; contentType: string; bytes: Uint8Array },
  ): Promise<ConvertedPicture> {
    // No model was paid for it.
    return { artifact: await results.store(attempt, { name, contentType, body: bytes, paid: [] }), bytes };
  }

  return async function withConverted(attempt, { source, format, weight }, work) {
    const maxBytes = isByImages(format) ? MAX_TRANSFORMED_BYTES : MAX_BITMAP_BYTES;
    if (source.sizeBytes > maxBytes) {
      return discard(
        "source_too_large",
        `The object '${source.key}' has ${source.sizeBytes} bytes; a picture of its format may have ${maxBytes}.`,
      );
    }
    return memory.sources.hold(MAX_IMAGE_BYTES * weight, async () => {
      try {
        return await work((await findConverted(attempt)) ?? (await convert(attempt, source, format)));
      } catch (error) {
        if (error instanceof UnreadablePicture || error instanceof SourceChanged)
          return discard(error.code, error.message);
        throw error;
      }
    });
  };
}
