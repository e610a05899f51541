// Plans a recording and cuts its chunks as the consumer does, one request for each, and reports what it read from R2.
import { r2Source } from "../../shared/audio/reading/byte-source.ts";
import { callLimits } from "../../shared/audio/chunks/limits.ts";
import type { ChunkPlan } from "../../shared/audio/chunks/chunk.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { type AudioPlan, planAudio } from "../../shared/audio/plan.ts";

export type Asked =
  | { readonly verb: "rest" }
  | { readonly verb: "plan"; readonly recording: Recording }
  | { readonly verb: "cut"; readonly recording: Recording; readonly chunk: ChunkPlan }
  /** The way of the platform's tutorial: load the whole file into memory, then cut it into slices of 1 MiB. */
  | { readonly verb: "slice"; readonly recording: Recording };

export interface Recording {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

export interface Told {
  readonly reads: number;
  readonly bytesRead: number;
  readonly plan?: AudioPlan;
  /** The size of a chunk's file, or the number of slices. */
  readonly made?: number;
}

const SLICE_BYTES = 1024 * 1024;

export default {
  async fetch(request, { MEDIA }) {
    if (request.method === "PUT") {
      const object = await MEDIA.put("recording", request.body);
      if (object === null) throw new Error("the recording was not stored");
      return Response.json({ key: "recording", etag: object.etag, sizeBytes: object.size } satisfies Recording);
    }
    const counts = { reads: 0, bytesRead: 0 };
    const done = await obey(await request.json<Asked>(), counted(MEDIA, counts));
    return Response.json({ ...counts, ...done } satisfies Told);
  },
} satisfies ExportedHandler<{ readonly MEDIA: R2Bucket }>;

async function obey(asked: Asked, media: R2Bucket): Promise<Pick<Told, "plan" | "made">> {
  switch (asked.verb) {
    case "rest":
      // Reaches the bucket, so that its garbage can be collected meanwhile.
      await media.get("nothing");
      return {};
    case "plan":
      return { plan: await planAudio(r2Source(media, asked.recording), callLimits("accurate")) };
    case "cut": {
      const file = await extractChunk(r2Source(media, asked.recording), asked.chunk);
      return { made: file.bytes.length };
    }
    case "slice": {
      const object = await media.get(asked.recording.key);
      const whole = (await object?.arrayBuffer()) ?? new ArrayBuffer(0);
      const slices: ArrayBuffer[] = [];
      for (let at = 0; at < whole.byteLength; at += SLICE_BYTES) {
        slices.push(whole.slice(at, at + SLICE_BYTES));
      }
      return { made: slices.length };
    }
  }
}

function counted(media: R2Bucket, counts: { reads: number; bytesRead: number }): R2Bucket {
  return new Proxy(media, {
    get(target, name) {
      if (name !== "get") throw new Error(`R2Bucket.${String(name)} is not counted`);
      return async (key: string, options?: R2GetOptions) => {
        const object = await target.get(key, options);
        counts.reads += 1;
        if (object !== null && "body" in object) {
          const { range } = options ?? {};
          const hasLength = range !== undefined && "length" in range && range.length !== undefined;
          counts.bytesRead += hasLength ? (range.length ?? 0) : object.size;
        }
        return object;
      };
    },
  });
}
