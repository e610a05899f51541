import * as z from "zod";

import { IMAGE_CLASSIFIER } from "../../../shared/models/models.ts";
import { neuronsFor } from "../../../shared/cost/neurons.ts";
import { parseInputs, type LocalModel } from "../model.ts";
import { type Detector, PICTURE_ENGINE } from "./detector.ts";

// The real model answers with its five best of a thousand ImageNet classes; these are COCO's eighty.
const MOST_LABELS = 5;

const Bytes = z.custom<readonly number[]>(
  (value) => Array.isArray(value) && value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255),
  { error: (issue) => (issue.input === undefined ? undefined : "Type mismatch: 'array' of bytes") },
);

const Input = z.object({ image: Bytes });

export function resnet(detector: Detector): LocalModel {
  return async ({ inputs, signal }) => {
    const labels = await detector.detect(Uint8Array.from(parseInputs(Input, inputs).image), signal);
    return {
      body: labels.slice(0, MOST_LABELS),
      neurons: neuronsFor(IMAGE_CLASSIFIER, { pictures: 1 }),
      engine: PICTURE_ENGINE,
    };
  };
}
