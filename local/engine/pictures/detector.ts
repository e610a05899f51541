import { Piscina } from "piscina";
import { tooLarge, undecodablePicture } from "../inference-error.ts";
import type { Detected, Label } from "./detect-objects.ts";

export const PICTURE_ENGINE = "centernet-coco80/tfjs-wasm";

export type Detector = {
  /** Return what is in the picture, best first. @throws an InferenceError if it is not a picture, or has too many pixels. */
  detect(bytes: Uint8Array, signal: AbortSignal): Promise<readonly Label[]>;
  close(): Promise<void>;
};

export function startDetector(): Detector {
  // One thread: a call blocks it for a fifth of a second, but a second thread would load the model twice.
  const pool = new Piscina<Uint8Array, Detected>({
    filename: new URL("detect-objects.ts", import.meta.url).href,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  return {
    async detect(bytes, signal) {
      const detected = await pool.run(bytes, { signal });
      switch (detected.type) {
        case "undecodable":
          throw undecodablePicture(detected.reason);
        case "too_many_pixels":
          throw tooLarge();
        case "labels":
          return detected.labels;
      }
    },
    close: () => pool.destroy(),
  };
}
