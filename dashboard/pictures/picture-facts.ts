import type { Job } from "../../client/index.ts";
import { formatModel, formatNeurons } from "../ui/format.ts";

/** The prompt and settings of a picture. */
export interface PictureFacts {
  readonly prompt: string;
  readonly model: string;
  readonly options: Readonly<Record<string, string | number | undefined>>;
  readonly neurons: string;
}

export function factsOf(job: Job): PictureFacts {
  const { input, choice, attempts, reused } = job;
  const asked = attempts.findLast(({ model }) => model !== null)?.model ?? choice?.model;
  const options = "options" in input ? (input.options as PictureFacts["options"]) : {};
  const named = String(options["model"] ?? "");
  const spent = attempts.reduce((sum, { neurons }) => sum + (neurons ?? 0), 0);
  return {
    prompt: "prompt" in input ? input.prompt : job.title,
    model: formatModel(asked ?? named),
    options,
    neurons: reused === null ? `${formatNeurons(spent)} neurons` : "reused",
  };
}

/** Return the settings in the request, for example `512 × 512`, `seed 7`, `4 steps`. */
export function settingsOf({ options }: PictureFacts): readonly string[] {
  const { width, height, seed, steps, guidance } = options;
  return [
    width !== undefined && height !== undefined && `${String(width)} × ${String(height)}`,
    seed !== undefined && `seed ${String(seed)}`,
    steps !== undefined && `${String(steps)} steps`,
    guidance !== undefined && `guidance ${String(guidance)}`,
  ].filter((part): part is string => typeof part === "string");
}
