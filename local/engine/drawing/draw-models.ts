import { Piscina } from "piscina";
import * as z from "zod";

import { invalidInput } from "../inference-error.ts";
import { type Answer, type LocalModel, type ModelRequest, parseInputs } from "../model.ts";
import type { Units } from "../../../shared/models/models.ts";
import { neuronsFor, pictureUnits } from "../../../shared/cost/neurons.ts";
import type { Drawing } from "./render.ts";

export const DRAWING_ENGINE = "procedural-preview";

const SCHNELL = "@cf/black-forest-labs/flux-1-schnell";
const SDXL = "@cf/stabilityai/stable-diffusion-xl-base-1.0";
const PHOENIX = "@cf/leonardo/phoenix-1.0";

// No job uses these two, so the catalogue has no prices for them. Source: the same price list as the catalogue's.
const SDXL_NEURONS = () => 0; // beta: free
const PHOENIX_NEURONS = ({ tiles = 0, steps = 0 }: Units) => 530 * tiles + 10 * steps;

const Prompt = z.string().min(1).max(2048);
const side = (fallback: number, largest: number) => z.coerce.number().int().min(256).max(largest).default(fallback);
const Seed = z.coerce.number().int().optional();

// FLUX.1 accepts only these fields, not even a seed.
const SchnellInput = z.strictObject({ prompt: Prompt, steps: z.int().min(1).max(8).default(4) });

const Flux2Form = z.object({
  prompt: Prompt,
  width: side(1024, 1920),
  height: side(768, 1920),
  seed: Seed,
  steps: z.coerce.number().int().min(1).max(50).default(25),
  guidance: z.coerce.number().optional(),
});

const DiffusionInput = z.object({
  prompt: Prompt,
  negative_prompt: z.string().optional(),
  width: side(1024, 2048),
  height: side(1024, 2048),
  seed: Seed,
  num_steps: z.int().min(1).max(20).default(20),
  guidance: z.number().optional(),
});

const PhoenixInput = DiffusionInput.extend({
  num_steps: z.int().min(1).max(50).default(25),
  guidance: z.number().min(2).max(10).optional(),
});

type Flux2Name = `@cf/black-forest-labs/flux-2-${"dev" | "klein-4b" | "klein-9b"}`;

export type DrawingModels = { readonly models: Readonly<Record<string, LocalModel>>; close(): Promise<void> };

/** Return every picture model. All of them use the same painter. */
export function drawingModels(): DrawingModels {
  const pool = new Piscina<Drawing, Uint8Array>({
    filename: new URL("render.ts", import.meta.url).href,
    minThreads: 0,
    maxThreads: 2,
    idleTimeout: 60_000,
  });
  const draw = (drawing: Drawing, signal: AbortSignal) => pool.run(drawing, { signal });

  const schnell: LocalModel = async ({ inputs, signal }) => {
    const { prompt, steps } = parseInputs(SchnellInput, inputs);
    const size = { width: 1024, height: 1024 };
    const image = await draw({ prompt, seed: undefined, ...size, format: "jpeg" }, signal);
    return base64Answer(image, neuronsFor(SCHNELL, pictureUnits({ ...size, steps })));
  };
  const flux2 =
    (name: Flux2Name): LocalModel =>
    async (request) => {
      const { inputImages, ...fields } = await readForm(request);
      const { prompt, width, height, seed, steps } = parseInputs(Flux2Form, fields);
      const image = await draw({ prompt, seed, width, height, format: "jpeg" }, request.signal);
      // The model accepts only reference pictures under 512 x 512, so each is one tile and one started megapixel.
      const units = {
        ...pictureUnits({ width, height, steps }),
        inputTiles: inputImages,
        inputMegapixels: inputImages,
      };
      return base64Answer(image, neuronsFor(name, units));
    };
  const diffusion =
    (neuronsOf: (units: Units) => number, schema: typeof DiffusionInput, format: Drawing["format"]): LocalModel =>
    async ({ inputs, signal }) => {
      const { prompt, width, height, seed, num_steps: steps } = parseInputs(schema, inputs);
      const bytes = await draw({ prompt, seed, width, height, format }, signal);
      const neurons = neuronsOf(pictureUnits({ width, height, steps }));
      return { body: { bytes, mediaType: `image/${format}` }, neurons, engine: DRAWING_ENGINE };
    };

  return {
    models: {
      [SCHNELL]: schnell,
      "@cf/black-forest-labs/flux-2-dev": flux2("@cf/black-forest-labs/flux-2-dev"),
      "@cf/black-forest-labs/flux-2-klein-4b": flux2("@cf/black-forest-labs/flux-2-klein-4b"),
      "@cf/black-forest-labs/flux-2-klein-9b": flux2("@cf/black-forest-labs/flux-2-klein-9b"),
      [SDXL]: diffusion(SDXL_NEURONS, DiffusionInput, "png"),
      [PHOENIX]: diffusion(PHOENIX_NEURONS, PhoenixInput, "jpeg"),
    },
    close: () => pool.destroy(),
  };
}

function base64Answer(image: Uint8Array, neurons: number): Answer {
  return { body: { image: Buffer.from(image).toString("base64") }, neurons, engine: DRAWING_ENGINE };
}

/** Return the fields of a form, and how many of them are pictures. @throws InferenceError if the body is not a form. */
export async function readForm({ stream }: ModelRequest): Promise<Record<string, unknown> & { inputImages: number }> {
  if (stream === undefined) throw invalidInput("Error: required properties at '/' are 'multipart'");
  const headers = { "content-type": stream.contentType };
  const form = await new Response(new Uint8Array(stream.bytes), { headers }).formData().catch(() => null);
  if (form === null) throw invalidInput("Error: 'multipart' is not a form");
  const fields = Object.fromEntries(form.entries());
  const inputImages = Object.keys(fields).filter((name) => name.startsWith("input_image_")).length;
  return { ...fields, inputImages };
}
