import type { AudioTrack, TrackChoice } from "./audio-track.ts";
import { currentLanguage } from "../../input/current-language.ts";
import { decodeText } from "../../input/decode-text.ts";
import { asciiAt } from "../reading/bytes.ts";
import { refuse, type Refusal } from "./chunk.ts";

/** The properties that decide which track is transcribed. */
export interface Candidate extends AudioTrack {
  readonly isEnabled: boolean;
  readonly isDefault: boolean;
  /** Why its packets cannot be cut; null if they can. */
  readonly refusal: Refusal | null;
}

/**
 * Choose the track to transcribe, by the same rule in every container: a readable track comes before one that cannot be read, then an
 * enabled one before others, then the default.
 * @param choice the track that the job asks for.
 * @returns its place among the candidates.
 */
export function chooseTrack(candidates: readonly Candidate[], choice: TrackChoice | undefined): number | Refusal {
  if (candidates.length === 0) return refuse("no_audio_track", "The file has no audio track.");
  if (choice !== undefined) return chosen(candidates, choice);
  const rank = ({ isEnabled, isDefault, refusal }: Candidate) =>
    (refusal === null ? 4 : 0) + (isEnabled ? 2 : 0) + (isDefault ? 1 : 0);
  let best = 0;
  for (const [index, candidate] of candidates.entries()) {
    const before = candidates[best];
    if (before === undefined || rank(candidate) > rank(before)) best = index;
  }
  return candidates[best]?.refusal ?? best;
}

function chosen(candidates: readonly Candidate[], choice: TrackChoice): number | Refusal {
  const index =
    typeof choice === "number"
      ? choice
      : candidates.findIndex(({ language }) => language !== null && baseOf(language) === baseOf(choice));
  const candidate = candidates[index];
  if (candidate !== undefined) return candidate.refusal ?? index;
  const asked = typeof choice === "number" ? `no audio track ${choice}` : `no audio track in '${choice}'`;
  return refuse(
    "track_missing",
    `The file has ${asked}. It has ${listed(candidates)}. Choose one of them with 'audioTrack'.`,
  );
}

/** The most tracks that a message names. A file may have hundreds. */
const NAMED = 10;

function listed(candidates: readonly AudioTrack[]): string {
  const named = candidates.slice(0, NAMED).map((track, index) => `${index} (${described(track)})`);
  return `${named.join(", ")}${candidates.length > NAMED ? ` and ${candidates.length - NAMED} more` : ""}`;
}

function described({ codec, language, title, channels }: AudioTrack): string {
  const parts = [
    codec,
    language,
    title === null ? null : `'${title}'`,
    channels === null ? null : `${channels} channels`,
  ];
  return parts.filter((part) => part !== null).join(", ");
}

/** Return the base language: `de` for `ger` (used in films), `deu`, `de` and `de-AT`. */
function baseOf(language: string): string {
  const base = language.toLowerCase().split("-")[0] ?? "";
  return currentLanguage(base) ?? base;
}

const UNKNOWN_LANGUAGES = new Set(["", "und", "mis", "mul", "zxx"]);

/** Return a file's language code, or null for codes that mean that it is not known. */
export function languageOrNull(language: string): string | null {
  const clean = language.replaceAll("\0", "").trim().toLowerCase();
  return UNKNOWN_LANGUAGES.has(clean) ? null : clean;
}

/** Names in files may have any length. */
const MAX_TITLE_CHARS = 200;

/** Decode a name in a file. It is in UTF-8 or in an unknown encoding, and may end with zeros. */
export function nameOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const named = bytes.subarray(0, Math.min(end === -1 ? bytes.length : end, 4 * MAX_TITLE_CHARS));
  const decoded = decodeText(named, { isWhole: false });
  return decoded.ok ? decoded.text : asciiAt(named, 0, named.length);
}

export function titleOrNull(title: string): string | null {
  const clean = title
    .replaceAll(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, MAX_TITLE_CHARS);
  return clean === "" ? null : clean;
}

export function namedTrack({ codec, language, title, channels }: AudioTrack): AudioTrack {
  return { codec, language, title, channels };
}
