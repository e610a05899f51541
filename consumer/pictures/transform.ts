import type { Connections } from "../../shared/connections.ts";
import { MAX_CONVERTED_SIDE } from "../../shared/limits.ts";
import { type TimeLimit, withTimeLimit } from "../../shared/time-limit.ts";
import { UnreadablePicture } from "./unreadable-picture.ts";

const TRANSFORM_MS = 2 * 60_000;
const TIME: TimeLimit = {
  limitMs: TRANSFORM_MS,
  onLimit: () => new Error(`Cloudflare Images did not answer within ${TRANSFORM_MS / 1000} s.`),
};

/**
 * Errors that every attempt would meet: too large, not a picture, too many pixels, of a format that is not read
 * (developers.cloudflare.com/images/reference/troubleshooting, 2026-11-11). AVIF is read only on Enterprise plans.
 */
const LASTING = new Set([9402, 9412, 9413, 9520, 9523]);
const USED_UP = 9422;

/**
 * Let Cloudflare Images convert a picture to a JPEG that a model takes.
 * @throws UnreadablePicture, or an error after which another attempt may help.
 */
export async function transformPicture(
  images: ImagesBinding,
  picture: ReadableStream<Uint8Array>,
  { format, connections, signal }: { format: string; connections: Connections; signal: AbortSignal },
): Promise<Uint8Array> {
  try {
    return await withTimeLimit(signal, TIME, (ended, startTimer) =>
      connections.open(
        "remote",
        async () => {
          startTimer();
          const result = await images
            .input(picture)
            .transform({ width: MAX_CONVERTED_SIDE, height: MAX_CONVERTED_SIDE, fit: "scale-down" })
            .output({ format: "image/jpeg", quality: 90 });
          return new Uint8Array(await result.response().arrayBuffer());
        },
        ended,
      ),
    );
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === USED_UP) {
      throw new Error(
        "Cloudflare Images converts no more pictures this month on the free plan (error 9422). Switch to the paid plan of Images in the dashboard, then redrive the task.",
        { cause: error },
      );
    }
    if (typeof code !== "number" || !LASTING.has(code)) throw error;
    throw new UnreadablePicture(
      `Cloudflare Images cannot read the picture (error ${code}). Convert it to JPEG or PNG: magick picture.${format} picture.jpg`,
    );
  }
}
