// The names of models in OpenAI's dialect: Darkroom's own, the platform's, and the aliases that the operator can change.
import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";
import { readJson } from "../../shared/input/read-json.ts";
import {
  EMBEDDING_MODEL,
  findModel,
  IMAGE_MODEL_NAMES,
  IMAGE_MODELS,
  IMAGE_TIERS,
  type ImageModelName,
  type ModelId,
  SPEECH_MODELS,
  TEXT_MODELS,
  type Tier,
  TIERS,
} from "../../shared/models/models.ts";

/** What a route does with a model. A name is looked up among the models of its task: `fast` is another model for each. */
export const NAMED_TASKS = ["speech", "image", "text", "embedding"] as const;
export type NamedTask = (typeof NAMED_TASKS)[number];

/** OpenAI's names that work without any setting: those that its SDK, its examples and the common libraries send by default. */
export const DEFAULT_ALIASES = {
  "whisper-1": "@cf/openai/whisper-large-v3-turbo",
  "gpt-4o-transcribe": "@cf/openai/whisper-large-v3-turbo",
  "gpt-4o-mini-transcribe": "@cf/openai/whisper-large-v3-turbo",
  "dall-e-2": "@cf/black-forest-labs/flux-1-schnell",
  // These draw portraits and landscapes as well, and flux-1-schnell only squares.
  "dall-e-3": "@cf/black-forest-labs/flux-2-klein-4b",
  "gpt-image-1": "@cf/black-forest-labs/flux-2-klein-4b",
  "gpt-image-2": "@cf/black-forest-labs/flux-2-klein-4b",
  "gpt-4o-mini": "@cf/ibm-granite/granite-4.0-h-micro",
  "text-embedding-3-small": EMBEDDING_MODEL,
} as const satisfies Record<string, ModelId>;

/** The name of a model in a request. */
export const MAX_MODEL_NAME_CHARS = 200;
export const ModelName = boundedText({ max: MAX_MODEL_NAME_CHARS, min: 1 });

const MAX_ALIASES = 200;

/** `OPENAI_MODELS`: the `@cf/…` id for each alias, or null to take a default alias away. */
const Aliases = z
  .record(ModelName, z.union([boundedText({ max: MAX_MODEL_NAME_CHARS }), z.null()]))
  .refine((aliases) => Object.keys(aliases).length <= MAX_ALIASES, `has more than ${MAX_ALIASES} entries`);

export type AliasTable =
  | { readonly ok: true; readonly aliases: ReadonlyMap<string, ModelId> }
  /** `why` names the entry that is wrong. */
  | { readonly ok: false; readonly why: string };

/** Read `OPENAI_MODELS`, which is an object in wrangler.jsonc or its JSON in a secret, and merge it over the default aliases. */
export function readAliases({ OPENAI_MODELS: given }: Pick<Env, "OPENAI_MODELS">): AliasTable {
  const read = typeof given === "string" ? jsonOf(given) : { ok: true as const, value: (given ?? {}) as unknown };
  if (!read.ok) return wrong(`it is not JSON: ${read.reason}`);
  const parsed = Aliases.safeParse(read.value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join(".") ?? "";
    return wrong(`${place === "" ? "" : `'${place}': `}${issue?.message ?? "it cannot be read"}`);
  }
  const aliases = new Map<string, ModelId>(Object.entries(DEFAULT_ALIASES));
  for (const [name, model] of Object.entries(parsed.data)) {
    if (OWN_NAMES.has(name)) return wrong(`'${name}' is a name of Darkroom's own and cannot be an alias`);
    if (model === null) {
      aliases.delete(name);
      continue;
    }
    const id = USABLE_IDS.find((one) => one === model);
    if (id === undefined) {
      return wrong(`'${name}' stands for '${model}', which is none of ${USABLE_IDS.join(", ")}`);
    }
    aliases.set(name, id);
  }
  return { ok: true, aliases };
}

/** The names that always work, by task. */
const OWN: Readonly<Record<NamedTask, ReadonlyMap<string, ModelId>>> = {
  speech: new Map(TIERS.map((tier) => [tier, SPEECH_MODELS[tier].id])),
  image: new Map<string, ModelId>([
    ...IMAGE_MODEL_NAMES.map((name) => [name, IMAGE_MODELS[name].id] as const),
    ...TIERS.map((tier) => [tier, IMAGE_MODELS[IMAGE_TIERS[tier]].id] as const),
  ]),
  text: new Map(TIERS.map((tier) => [tier, TEXT_MODELS[tier]])),
  embedding: new Map([["bge-m3", EMBEDDING_MODEL]]),
};

const OWN_NAMES: ReadonlySet<string> = new Set(
  NAMED_TASKS.flatMap((task) => [...OWN[task].keys(), ...OWN[task].values()]),
);

/** What an alias may stand for. */
const USABLE_IDS: readonly ModelId[] = [...new Set(NAMED_TASKS.flatMap((task) => [...OWN[task].values()]))];

/** The model that a name stands for in a route of this task; null if there is none. */
export function findByName(
  aliases: ReadonlyMap<string, ModelId>,
  { name, task }: { readonly name: string; readonly task: NamedTask },
): ModelId | null {
  const own = OWN[task].get(name) ?? [...OWN[task].values()].find((id) => id === name);
  if (own !== undefined) return own;
  const id = aliases.get(name);
  return id !== undefined && findModel(id)?.task === task ? id : null;
}

/** Every name that some route takes, with a model that it stands for. */
export function allNames(aliases: ReadonlyMap<string, ModelId>): ReadonlyMap<string, ModelId> {
  const names = new Map(aliases);
  for (const task of NAMED_TASKS) {
    for (const [name, id] of OWN[task]) names.set(name, names.get(name) ?? id);
    for (const id of OWN[task].values()) names.set(id, id);
  }
  return names;
}

export function speechTierOf(id: ModelId): Tier {
  const tier = TIERS.find((one) => SPEECH_MODELS[one].id === id);
  if (tier === undefined) throw new Error(`'${id}' is not a speech model`);
  return tier;
}

export function imageNameOf(id: ModelId): ImageModelName {
  const name = IMAGE_MODEL_NAMES.find((one) => IMAGE_MODELS[one].id === id);
  if (name === undefined) throw new Error(`'${id}' is not an image model`);
  return name;
}

function jsonOf(text: string): { readonly ok: true; readonly value: unknown } | { ok: false; reason: string } {
  if (text.trim() === "") return { ok: true, value: {} };
  const read = readJson(text);
  return read.ok ? { ok: true, value: read.value } : { ok: false, reason: read.reason };
}

function wrong(why: string): AliasTable {
  return { ok: false, why: `OPENAI_MODELS: ${why}.` };
}
