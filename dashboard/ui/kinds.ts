// The names and icons of job kinds. A kind that is not listed (docs/adding-a-kind.md) is shown by its own name, with its files as result.
import type { JobKind } from "../../client/index.ts";
import type { IconName } from "./icon.tsx";

export const KNOWN_KINDS = [
  "transcription",
  "image_generation",
  "classification",
  "text_generation",
] as const satisfies readonly JobKind[];
export type KnownKind = (typeof KNOWN_KINDS)[number];

const SHOWN: Readonly<Record<string, { readonly name: string; readonly icon: IconName } | undefined>> = {
  transcription: { name: "Transcription", icon: "audio" },
  image_generation: { name: "Picture", icon: "image" },
  classification: { name: "Classification", icon: "tag" },
  text_generation: { name: "Text", icon: "text" },
};

export function kindName(kind: string): string {
  const words = kind.replaceAll("_", " ");
  return SHOWN[kind]?.name ?? words.charAt(0).toUpperCase() + words.slice(1);
}

export function kindIcon(kind: string): IconName {
  return SHOWN[kind]?.icon ?? "file";
}
