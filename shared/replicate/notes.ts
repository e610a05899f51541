import { describeRefused, picturesAmong } from "../kinds/image-generation/kind.ts";
import type { JobDetail } from "../jobs/job-detail.ts";
import { drawingOf } from "./drawing.ts";
import { REPLICATE_MODELS } from "./models.ts";
import { PICTURE_INPUTS } from "./picture-input.ts";
import type { Prediction } from "./prediction.ts";
import { speechNotes } from "./speech-input.ts";

/** Return what a prediction's logs say about its input: what had no effect, and what was done in its place. One sentence each. */
export function notesOn({ model: name, input }: Prediction, { job, artifacts }: JobDetail): readonly string[] {
  const model = REPLICATE_MODELS.get(name);
  switch (model?.takes) {
    case "audio":
      return speechNotes(input);
    case "prompt": {
      // An earlier version may have accepted what this one does not.
      const read = PICTURE_INPUTS[model.picture.input].safeParse(input);
      if (!read.success) return [];
      const { notes } = drawingOf(model.picture, read.data);
      const { num_outputs: wanted = 1 } = read.data;
      const missing = wanted - picturesAmong(artifacts).length;
      if (job.state !== "completed" || missing <= 0) return notes;
      return [...notes, describeRefused(missing, wanted)];
    }
    case "picture":
    case "text":
    case undefined:
      return [];
  }
}
