import { type ImageModelName, type Tier } from "../models/models.ts";

/** The shape of a prediction's output. */
export type OutputShape = "speech" | "files" | "labels";

export type ReplicateModel = { readonly description: string; readonly output: OutputShape } & (
  | { readonly takes: "audio"; readonly tier: Tier }
  | { readonly takes: "prompt"; readonly model: ImageModelName }
  | { readonly takes: "picture" | "text" }
);

function speech(tier: Tier): ReplicateModel {
  return { takes: "audio", tier, output: "speech", description: `Speech to text, tier '${tier}'.` };
}

function image(model: ImageModelName): ReplicateModel {
  return { takes: "prompt", model, output: "files", description: `Prompt to picture, with ${model}.` };
}

/** The models by the names that Replicate gives them; models that Replicate does not have are under `darkroom/`. */
export const REPLICATE_MODELS: ReadonlyMap<string, ReplicateModel> = new Map<string, ReplicateModel>([
  ["openai/whisper", speech("accurate")],
  ["darkroom/whisper-large-v3-turbo", speech("accurate")],
  ["darkroom/whisper", speech("balanced")],
  ["darkroom/whisper-tiny-en", speech("fast")],
  ["black-forest-labs/flux-schnell", image("flux-1-schnell")],
  ["black-forest-labs/flux-2-dev", image("flux-2-dev")],
  ["black-forest-labs/flux-2-klein-4b", image("flux-2-klein-4b")],
  ["black-forest-labs/flux-2-klein-9b", image("flux-2-klein-9b")],
  [
    "darkroom/resnet-50",
    { takes: "picture", output: "labels", description: "What a picture shows, in ranked labels." },
  ],
  [
    "darkroom/distilbert-sst-2-int8",
    {
      takes: "text",
      output: "labels",
      description: "Whether a text is friendly, in ranked labels.",
    },
  ],
]);

/** The version that Replicate's page of `openai/whisper` tells clients to ask for, so that their code runs unchanged. */
const VERSIONS: ReadonlyMap<string, string> = new Map([
  ["8099696689d249cf8b122d833c36ac3f75505c666a395ca40ef26f68e7d3d16e", "openai/whisper"],
]);

/** Resolve `owner/name`, `owner/name:version` or a version's id to `owner/name`; null for a model that we do not run. */
export function modelNamed(reference: string): string | null {
  const [name = "", version] = reference.split(":");
  const model = VERSIONS.get(name) ?? name;
  const isKnown = REPLICATE_MODELS.has(model) && (version === undefined || VERSIONS.get(version) === model);
  return isKnown ? model : null;
}

/** Return a model's version. `hidden` is what Replicate says for models that it updates itself. */
export function versionOf(model: string): string {
  return [...VERSIONS].find(([, name]) => name === model)?.[0] ?? "hidden";
}
