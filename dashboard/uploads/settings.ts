// What is asked of the jobs that files become. Each kind has its own; only what differs from the defaults is sent.
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
  /** As it is typed; empty for no limit. */
  readonly maxNeurons: string;
  readonly reuse: boolean;
}

export const DEFAULTS: Settings = {
  options: { transcription: {}, image_generation: {}, classification: {} },
  then: [],
  tags: "",
  priority: "normal",
  maxNeurons: "",
  reuse: true,
};

/** Of the files that are on the list and have not been sent. */
export const settings = signal<Settings>(DEFAULTS);

export function change(changed: Partial<Settings>): void {
  settings.value = { ...settings.value, ...changed };
}

/** An option that is `undefined` is left to its default. */
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

/** Which steps suit what a kind leaves for them (docs/api.md, steps). */
export const STEPS_OF: Readonly<Record<KnownKind, readonly Step[]>> = {
  transcription: ["summarise", "embed"],
  image_generation: ["describe", "embed"],
  classification: ["describe", "summarise", "embed"],
};

export const STEP_NAMES: Readonly<Record<Step, { readonly name: string; readonly does: string }>> = {
  summarise: { name: "Summarise", does: "a few sentences about what is said" },
  describe: { name: "Describe", does: "what the picture shows, in a sentence" },
  embed: { name: "Find by meaning", does: "the search also finds what is said in other words" },
};

export type Media = "audio" | "picture" | "text" | "prompt" | "unknown";

/** What a file seems to be. The API decides by its bytes; this decides which options are offered for it. */
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

/** @param kind what the person chose for this file; null to let the file decide. */
export function requestFor(file: File, kind: KnownKind | null, asked: Settings): UploadRequest {
  const media = mediaOf(file);
  const meant = kind ?? KIND_OF[media];
  const options = meant === null ? {} : asked.options[meant];
  const hasOptions = Object.keys(options).length > 0;
  const then = asked.then.filter((step) => STEPS_FOR[media].includes(step));
  return {
    name: fileName(file.name),
    // Options are one kind's: where there are any, the kind is said as well.
    ...(meant !== null && (kind !== null || hasOptions) && { kind: meant }),
    ...(hasOptions && { options }),
    ...(then.length > 0 && { then }),
    ...termsOf(asked),
  };
}

/** Priority, limit, tags: the same for files, prompts and texts. */
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

/** A file's name as the API takes it: at most 200 characters, and nothing that means something to a file system. */
function fileName(name: string): string {
  const clean = name.replaceAll(/[/\\\p{Cc}]/gu, "_");
  const chars = Array.from(clean);
  if (chars.length <= 200) return clean;
  const end = /\.[A-Za-z0-9]{1,8}$/.exec(clean)?.[0] ?? "";
  return chars.slice(0, 200 - end.length).join("") + end;
}
