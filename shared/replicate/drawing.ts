import type { RawOptions } from "../kinds/kind.ts";
import { IMAGE_MODELS, type ImageModelName } from "../models/models.ts";
import { type PictureInput, type PictureInputName, SIZES } from "./picture-input.ts";

/** How one of Replicate's image models is drawn here. */
export interface PictureModel {
  readonly input: PictureInputName;
  readonly model: ImageModelName;
  /** Draws what `model` does not take: a seed, or another size. */
  readonly instead?: ImageModelName;
  /** A higher number of steps is lowered to this one. */
  readonly maxSteps?: number;
  /** Whether a picture without a ratio is a square, as at Replicate, and not of the model's own size. */
  readonly isSquare?: true;
}

/** The options of the job that a prediction becomes, and what the prediction's logs say about its input. */
export interface Drawing {
  readonly options: RawOptions;
  readonly notes: readonly string[];
}

/** Inputs that change nothing here. */
const WITHOUT_EFFECT = [
  "go_fast",
  "output_format",
  "output_quality",
  "disable_safety_checker",
  "prompt_strength",
] as const;

/** The names of our options in Replicate's models. */
const INPUT_OF: Readonly<Record<string, string>> = {
  steps: "num_inference_steps",
  width: "aspect_ratio or megapixels",
  height: "aspect_ratio or megapixels",
};

/** Translate an input into the options of a job. */
export function drawingOf(picture: PictureModel, input: PictureInput): Drawing {
  const notes: string[] = [];
  const { num_inference_steps: asked, num_outputs: count, seed, guidance } = input;
  const steps = asked === undefined ? undefined : Math.min(asked, picture.maxSteps ?? asked);
  if (steps !== asked)
    notes.push(
      `num_inference_steps: ${asked} is lowered to ${steps}: more steps take longer than the platform allows a call.`,
    );
  const wanted = given({ steps, seed, guidance, ...sizeOf(picture, input) });

  const { model, instead } = picture;
  const missing = Object.keys(wanted).filter((name) => !takes(model, name) && !isDefault(model, name, wanted[name]));
  const drawn = missing.length > 0 && instead !== undefined ? instead : model;
  if (drawn !== model) notes.push(`Drawn by ${drawn}, because ${model} does not take ${namesOf(missing)}.`);
  // What the client's own model does not take is refused with the job.
  const options = Object.entries(wanted).filter(([name, value]) =>
    drawn === model ? takes(drawn, name) || !isDefault(drawn, name, value) : takes(drawn, name),
  );
  const lost = drawn === model ? [] : Object.keys(wanted).filter((name) => !takes(drawn, name));
  if (lost.length > 0) notes.push(`Without effect with ${drawn}: ${namesOf(lost)}.`);

  const idle = WITHOUT_EFFECT.filter((name) => input[name] !== undefined);
  if (idle.length > 0) notes.push(`Without effect here: ${idle.join(", ")}.`);
  return { options: given({ model: drawn, count, ...Object.fromEntries(options) }), notes };
}

/** Return the size in pixels that an input asks for; nothing for the model's own. */
function sizeOf(
  { isSquare }: PictureModel,
  input: PictureInput,
): { width?: number | undefined; height?: number | undefined } {
  const { aspect_ratio: ratio, megapixels, width, height } = input;
  if (ratio === "custom" || (ratio === undefined && megapixels === undefined && isSquare !== true))
    return { width, height };
  const [wide, high] = SIZES[ratio ?? "1:1"];
  return megapixels === "0.25" ? { width: wide / 2, height: high / 2 } : { width: wide, height: high };
}

function takes(model: ImageModelName, option: string): boolean {
  return IMAGE_MODELS[model].options.some((name) => name === option);
}

/** Whether a model draws this size although it takes none. */
function isDefault(model: ImageModelName, option: string, value: unknown): boolean {
  const { width, height } = IMAGE_MODELS[model].defaults;
  return (option === "width" && value === width) || (option === "height" && value === height);
}

function namesOf(options: readonly string[]): string {
  return [...new Set(options.map((name) => INPUT_OF[name] ?? name))].join(", ");
}

function given(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
