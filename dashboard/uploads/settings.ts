// The settings for the jobs of files. Each kind has its own options. Only settings that differ from the defaults are sent.
import { signal } from "@preact/signals";

import type { JobRequest, UploadRequest } from "../../client/index.ts";
import type { KnownKind } from "../ui/kinds.ts";

type RequestOf<Kind extends KnownKind> = Extract<JobRequest, { readonly kind: Kind }>;
export type Options<Kind extends KnownKind> = NonNullable<RequestOf<Kind>["options"]>;
export type Step = NonNullable<UploadRequest["then"]>[number];
export type Priority = NonNullable<UploadRequest["priority"]>;

export interface Settings {
  readonly options: { readonly [Kind in KnownKind]: Options<Kind> };
  readonly then: readonly Step[];
  readonly tags: string;
  readonly priority: Priority;
  /** The typed text; empty for no limit. */
  readonly maxNeurons: string;
  readonly reuse: boolean;
}

export const DEFAULTS: Settings = {
  options: { transcription: {}, image_generation: {}, classification: {}, text_generation: {} },
  then: [],
  tags: "",
  priority: "normal",
  maxNeurons: "",
  reuse: true,
};

/** The settings for the files on the list that have not been sent. */
export const settings = signal<Settings>(DEFAULTS);

export function change(changed: Partial<Settings>): void {
  settings.value = { ...settings.value, ...changed };
}

/** Change options of a kind. An option that is `undefined` gets its default. */
export function changeOptions<Kind extends KnownKind>(
  kind: Kind,
  changed: { readonly [Name in keyof Options<Kind>]?: Options<Kind>[Name] | undefined },
): void {
  const { options } = settings.value;
  const next = Object.fromEntries(
    Object.entries({ ...options[kind], ...changed }).filter(([, value]) => value !== undefined),
  );
  change({ options: { ...options, [kind]: next } });
}

/** The steps that can follow each kind (docs/api.md, steps). */
export const STEPS_OF: Readonly<Record<KnownKind, readonly Step[]>> = {
  transcription: ["summarise", "embed"],
  image_generation: ["describe", "embed"],
  classification: ["describe", "summarise", "embed"],
  text_generation: ["summarise", "embed"],
};

export const STEP_NAMES: Readonly<Record<Step, { readonly name: string; readonly does: string }>> = {
  summarise: { name: "Summarise", does: "a few sentences about what is said" },
  describe: { name: "Describe", does: "what the picture shows, in a sentence" },
  embed: { name: "Find by meaning", does: "the search also finds other words with the same meaning" },
};

export type Media = "audio" | "picture" | "text" | "prompt" | "unknown";

/** Guess the type of a file, to decide which options the form offers. The API decides by the bytes of the file. */
export function mediaOf({ name, type }: Pick<File, "name" | "type">): Media {
  if (/\.prompt$/i.test(name)) return "prompt";
  if (/^(audio|video)\//.test(type) || /\.(mp3|wav|flac|ogg|oga|opus|m4a|aac|mp4|mov|mkv|webm|mts|m2ts)$/i.test(name))
    return "audio";
  if (type.startsWith("image/")) return "picture";
  if (type.startsWith("text/") || /\.(txt|md)$/i.test(name)) return "text";
  return "unknown";
}

export const KIND_OF: Readonly<Record<Media, KnownKind | null>> = {
  audio: "transcription",
  picture: "classification",
  text: "classification",
  prompt: "image_generation",
  unknown: null,
};

const STEPS_FOR: Readonly<Record<Media, readonly Step[]>> = {
  audio: ["summarise", "embed"],
  picture: ["describe", "embed"],
  text: ["summarise", "embed"],
  prompt: ["describe", "embed"],
  unknown: [],
};

/** @param kind the kind that the person chose for this file; null to let the API choose. */
export function requestFor(file: File, kind: KnownKind | null, asked: Settings): UploadRequest {
  const media = mediaOf(file);
  const meant = kind ?? KIND_OF[media];
  const options = meant === null ? {} : asked.options[meant];
  const hasOptions = Object.keys(options).length > 0;
  const suits = (step: Step) => STEPS_FOR[media].includes(step) && (meant === null || STEPS_OF[meant].includes(step));
  const then = asked.then.filter(suits);
  return {
    name: fileName(file.name),
    // Options belong to one kind, so a request with options also names the kind.
    ...(meant !== null && (kind !== null || hasOptions) && { kind: meant }),
    ...(hasOptions && { options }),
    ...(then.length > 0 && { then }),
    ...termsOf(asked),
  };
}

/** Return the priority, the limit and the tags, which are the same for files, prompts and texts. */
export function termsOf({
  tags,
  priority,
  maxNeurons,
  reuse,
}: Settings): Pick<UploadRequest, "tags" | "priority" | "maxNeurons" | "reuse"> {
  const named = tags
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
  const limit = Number(maxNeurons);
  return {
    ...(named.length > 0 && { tags: named }),
    ...(priority !== "normal" && { priority }),
    ...(maxNeurons.trim() !== "" && Number.isFinite(limit) && { maxNeurons: limit }),
    ...(!reuse && { reuse }),
  };
}

/** Return a file's name as the API accepts it: at most 200 characters, without slashes and control characters. */
function fileName(name: string): string {
  const clean = name.replaceAll(/[/\\\p{Cc}]/gu, "_");
  const chars = Array.from(clean);
  if (chars.length <= 200) return clean;
  const end = /\.[A-Za-z0-9]{1,8}$/.exec(clean)?.[0] ?? "";
  return chars.slice(0, 200 - end.length).join("") + end;
}
