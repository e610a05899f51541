import { Piscina } from "piscina";
import * as z from "zod";
import { tooLarge, undecodablePicture } from "../inference-error.ts";
import { parseInputs, type LocalModel } from "../model.ts";
import { IMAGE_CLASSIFIER, neuronsFor } from "../../../shared/models.ts";
import type { Detected } from "./detect-objects.ts";

export const PICTURE_ENGINE = "centernet-coco80/tfjs-wasm";

// The real model answers with its five best of a thousand ImageNet classes; these are COCO's eighty.
const MOST_LABELS = 5;

const Bytes = z.custom<readonly number[]>(
  (value) => Array.isArray(value) && value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255),
  { error: (issue) => (issue.input === undefined ? undefined : "Type mismatch: 'array' of bytes") },
);

const Input = z.object({ image: Bytes });

export type PictureLabeller = { readonly resnet: LocalModel; close(): Promise<void> };

export function pictureLabeller(): PictureLabeller {
  // One call blocks its thread for a fifth of a second; a second thread would load the model twice.
  const pool = new Piscina<Uint8Array, Detected>({
    filename: new URL("detect-objects.ts", import.meta.url).href,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  return {
    async resnet({ inputs, signal }) {
      const bytes = Uint8Array.from(parseInputs(Input, inputs).image);
      const detected = await pool.run(bytes, { signal });
      switch (detected.type) {
        case "undecodable":
          throw undecodablePicture(detected.reason);
        case "too_many_pixels":
          throw tooLarge();
        case "labels":
          return {
            body: detected.labels.slice(0, MOST_LABELS),
            neurons: neuronsFor(IMAGE_CLASSIFIER, { pictures: 1 }),
            engine: PICTURE_ENGINE,
          };
      }
    },
    close: () => pool.destroy(),
  };
}
