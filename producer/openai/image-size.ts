import { IMAGE_MODELS, type ImageModelName } from "../../shared/models/models.ts";

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** OpenAI's own default, which no model here refuses. */
const DEFAULT_SIZE: ImageSize = { width: 1024, height: 1024 };

/** The sides that the FLUX.2 models take, and the steps in which they draw: a patch of the model is 16 pixels wide. */
const MIN_SIDE = 256;
const MAX_SIDE = 1920;
const SIDE_STEP = 16;

/** The size that a model draws in place of the one that was asked for: the same shape as far as possible, then the same area. */
export function nearestSize(model: ImageModelName, asked: ImageSize | null): ImageSize {
  const { options, defaults } = IMAGE_MODELS[model];
  if (!options.includes("width")) return { width: defaults.width, height: defaults.height };
  const { width, height } = asked ?? DEFAULT_SIZE;
  const scale = Math.min(Math.max(1, MIN_SIDE / Math.min(width, height)), MAX_SIDE / Math.max(width, height));
  return { width: sideNear(width * scale), height: sideNear(height * scale) };
}

function sideNear(side: number): number {
  return Math.min(MAX_SIDE, Math.max(MIN_SIDE, Math.round(side / SIDE_STEP) * SIDE_STEP));
}

/** Whether the size is one of the model's options. If not, it draws this size anyway. */
export function takesSize(model: ImageModelName): boolean {
  return IMAGE_MODELS[model].options.includes("width");
}
