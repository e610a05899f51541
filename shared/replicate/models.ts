import { IMAGE_MODELS, type Tier } from "../models/models.ts";
import type { PictureModel } from "./drawing.ts";

/** The shape of a prediction's output. */
export type OutputShape = "speech" | "files" | "labels";

export type ReplicateModel = {
  readonly description: string;
  readonly output: OutputShape;
  /** The id of the version that `latest_version` names: Replicate's own where it is known. */
  readonly version: string;
} & (
  | { readonly takes: "audio"; readonly tier: Tier }
  | { readonly takes: "prompt"; readonly picture: PictureModel }
  | { readonly takes: "picture" | "text" }
);

function speech(tier: Tier, version: string): ReplicateModel {
  return { takes: "audio", tier, output: "speech", version, description: `Speech to text, tier '${tier}'.` };
}

function image(picture: PictureModel, version: string): ReplicateModel {
  const { model, instead } = picture;
  const drawn = instead === undefined ? model : `${model} or, with a seed or another size, ${instead}`;
  return { takes: "prompt", picture, output: "files", version, description: `Prompt to picture, with ${drawn}.` };
}

/** The version that Replicate's page of `openai/whisper` tells clients to ask for, so that their code runs unchanged. */
const WHISPER_VERSION = "8099696689d249cf8b122d833c36ac3f75505c666a395ca40ef26f68e7d3d16e";

/** The models by the names that Replicate gives them; models that Replicate does not have are under `darkroom/`. */
export const REPLICATE_MODELS: ReadonlyMap<string, ReplicateModel> = new Map<string, ReplicateModel>([
  ["openai/whisper", speech("accurate", WHISPER_VERSION)],
  [
    "darkroom/whisper-large-v3-turbo",
    speech("accurate", "be8023b8817e9522e74095111e124ab342926602097916820973cabbcdaf5f08"),
  ],
  ["darkroom/whisper", speech("balanced", "f464cb164a9ae71efd56f550dcbfae6ed81466385c0e6e4777aafd5fbe32889a")],
  ["darkroom/whisper-tiny-en", speech("fast", "a53c9160289ff56064665841ddd99b6c851625fa80d46ff6758da70047fe0899")],
  [
    "black-forest-labs/flux-schnell",
    image(
      { input: "schnell", model: "flux-1-schnell", instead: "flux-2-klein-4b", isSquare: true },
      "c846a69991daf4c0e5d016514849d14ee5b2e6846ce6b9d6f21369e564cfe51e",
    ),
  ],
  [
    "black-forest-labs/flux-dev",
    image(
      // Its users ask for 28 steps or more, which take flux-2-dev longer than a call may take.
      { input: "dev", model: "flux-2-dev", maxSteps: IMAGE_MODELS["flux-2-dev"].defaults.steps, isSquare: true },
      "0a0bf1ad4d54bde39ed15cba82994307f568d0378bad2084dde9aa0ddc6b36f5",
    ),
  ],
  [
    "black-forest-labs/flux-2-dev",
    image({ input: "flux2", model: "flux-2-dev" }, "5a058cdfde802d53f867b407c64049bf7f07ac993334f46cbac9395e49efc431"),
  ],
  [
    "black-forest-labs/flux-2-klein-4b",
    image(
      { input: "flux2", model: "flux-2-klein-4b" },
      "848842a1bcaf7423be15340175093161aa86f888f8cb0d94a0f05de26bc5a195",
    ),
  ],
  [
    "black-forest-labs/flux-2-klein-9b",
    image(
      { input: "flux2", model: "flux-2-klein-9b" },
      "2d1ab213319637e82eb6998697b8f33194d13a30e2b8ebdddad2db95569cdf6e",
    ),
  ],
  [
    "darkroom/resnet-50",
    {
      takes: "picture",
      output: "labels",
      version: "891dd31687159c89558ac3a35cf428486f5e626656543a894e43f7002ba121f0",
      description: "What a picture shows, in ranked labels.",
    },
  ],
  [
    "darkroom/distilbert-sst-2-int8",
    {
      takes: "text",
      output: "labels",
      version: "8bcd3b74012478fab21ed2203c17334e37378a6e90f30b43997f98af41b80bb7",
      description: "Whether a text is friendly, in ranked labels.",
    },
  ],
]);

/** Each version by its id. Code from before FLUX.1 [schnell] had no public version may name an earlier one. */
const VERSIONS: ReadonlyMap<string, string> = new Map([
  ...[...REPLICATE_MODELS].map(([name, { version }]): [string, string] => [version, name]),
  ["bf53bdb93d739c9c915091cfa5f49ca662d11273a5eb30e7a2ec1939bcf27a00", "black-forest-labs/flux-schnell"],
]);

/** Resolve `owner/name`, `owner/name:version` or a version's id to `owner/name`; null for a model that we do not run. */
export function modelNamed(reference: string): string | null {
  const [name = "", version] = reference.split(":");
  const model = VERSIONS.get(name) ?? name;
  const isKnown = REPLICATE_MODELS.has(model) && (version === undefined || VERSIONS.get(version) === model);
  return isKnown ? model : null;
}

/** Return the version that a prediction names. `hidden` is what Replicate says for models that it updates itself. */
export function versionOf(model: string): string {
  return model === "openai/whisper" ? WHISPER_VERSION : "hidden";
}
