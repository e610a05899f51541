import { decodeAudio } from "./decode-audio.ts";
import { findCommand } from "./find-command.ts";
import { pocketsphinx } from "./pocketsphinx.ts";
import type { Recogniser, RecogniserChoice } from "./recogniser.ts";
import { fasterWhisper } from "./whisper/faster-whisper.ts";

export const INSTALL_SPEECH =
  "speech recognition is not installed; run bin/setup, or: apt-get install pocketsphinx pocketsphinx-en-us ffmpeg" +
  " (macOS: brew install cmu-pocketsphinx ffmpeg)";

export type SpeechEngine =
  | { readonly type: "ready"; readonly recogniser: Recogniser; readonly decode: Decode }
  | { readonly type: "missing"; readonly remedy: string };

type Decode = (bytes: Uint8Array, signal: AbortSignal) => Promise<Int16Array>;

/** @param whisper the model to run instead of PocketSphinx: a name or a folder. PocketSphinx if empty or undefined. */
export function chooseSpeechEngine(whisper: string | undefined): SpeechEngine {
  const choice = chooseRecogniser(whisper);
  if (choice.type === "missing") return choice;
  const ffmpeg = findCommand("ffmpeg");
  if (ffmpeg === undefined) return { type: "missing", remedy: INSTALL_SPEECH };
  return { ...choice, decode: (bytes, signal) => decodeAudio(ffmpeg, bytes, signal) };
}

function chooseRecogniser(whisper: string | undefined): RecogniserChoice {
  if (whisper !== undefined && whisper !== "") return fasterWhisper(whisper);
  const recogniser = pocketsphinx();
  return recogniser === undefined ? { type: "missing", remedy: INSTALL_SPEECH } : { type: "ready", recogniser };
}
