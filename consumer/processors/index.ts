import type { TaskKind } from "../../shared/task.ts";
import type { Processor } from "../processor.ts";
import { classify } from "./classify.ts";
import { generateImage } from "./generate-image.ts";
import { transcribe } from "./transcribe.ts";

export const processors: Readonly<Record<TaskKind, Processor>> = {
  transcribe,
  generate_image: generateImage,
  classify,
};
