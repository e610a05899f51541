import { Choice } from "./choice.tsx";
import { changeOptions, type Options, settings } from "./settings.ts";

const TIERS = {
  accurate: "Accurate, 99 languages",
  balanced: "Balanced",
  fast: "Fast, English only",
} as const satisfies Record<NonNullable<Options<"transcription">["tier"]>, string>;

const LANGUAGES = [
  "en",
  "de",
  "fr",
  "es",
  "it",
  "pt",
  "nl",
  "pl",
  "sv",
  "da",
  "no",
  "fi",
  "cs",
  "uk",
  "ru",
  "tr",
  "el",
  "hu",
  "ro",
  "ar",
  "fa",
  "he",
  "hi",
  "bn",
  "ta",
  "th",
  "vi",
  "id",
  "zh",
  "ja",
  "ko",
];
const languageNames = new Intl.DisplayNames(undefined, { type: "language" });

export function TranscriptionOptions() {
  const { tier = "accurate", language = "" } = settings.value.options.transcription;
  const takesOptions = tier === "accurate";
  return (
    <div class="settings-grid">
      <Choice
        label="Model for recordings"
        value={tier}
        choices={Object.entries(TIERS)}
        onChange={(value) => {
          const chosen = (Object.keys(TIERS) as (keyof typeof TIERS)[]).find((one) => one === value) ?? "accurate";
          // The other models accept none of these options.
          const none = { language: undefined, task: undefined, initialPrompt: undefined, vadFilter: undefined };
          changeOptions("transcription", {
            tier: chosen === "accurate" ? undefined : chosen,
            ...(chosen !== "accurate" && none),
          });
        }}
      />
      <Choice
        label="Language"
        value={language}
        choices={[
          ["", "Detect automatically"],
          ...LANGUAGES.map((code): [string, string] => [code, languageNames.of(code) ?? code]),
        ]}
        isDisabled={!takesOptions}
        hint={takesOptions ? undefined : "You cannot choose a language for this model."}
        onChange={(value) => changeOptions("transcription", { language: value === "" ? undefined : value })}
      />
    </div>
  );
}

export function AdvancedTranscription() {
  const { tier, task, initialPrompt = "", vadFilter = false } = settings.value.options.transcription;
  if (tier !== undefined && tier !== "accurate") return null;
  return (
    <>
      <label class="field wide">
        <span>Names and terms in the recording</span>
        <input
          class="input"
          maxLength={1000}
          placeholder="Amira, Rotterdam, polder"
          value={initialPrompt}
          onInput={({ currentTarget: { value } }) =>
            changeOptions("transcription", { initialPrompt: value === "" ? undefined : value })
          }
        />
        <span class="hint">Helps the model to spell them as you do.</span>
      </label>
      <Choice
        label="Transcript"
        value={task ?? "transcribe"}
        choices={[
          ["transcribe", "In the spoken language"],
          ["translate", "Translated to English"],
        ]}
        onChange={(value) => changeOptions("transcription", { task: value === "translate" ? "translate" : undefined })}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={vadFilter}
          onChange={({ currentTarget: { checked } }) =>
            changeOptions("transcription", { vadFilter: checked ? true : undefined })
          }
        />
        <span>
          Leave out silence <span class="dim">– helps if the model invents words</span>
        </span>
      </label>
    </>
  );
}

/** The part of a recording that is transcribed: the track, and its channels together or separately. */
export function WhichSound() {
  const { audioTrack, channels } = settings.value.options.transcription;
  return (
    <>
      <Choice
        label="Channels"
        value={channels ?? "mix"}
        choices={[
          ["mix", "Together"],
          ["separate", "Separately, one speaker on each"],
        ]}
        hint={channels === "separate" ? "Only for WAV, and MOV or MKV with PCM. Each channel is paid for." : undefined}
        onChange={(value) =>
          changeOptions("transcription", { channels: value === "separate" ? "separate" : undefined })
        }
      />
      <label class="field">
        <span>Audio track</span>
        <input
          class="input"
          maxLength={35}
          placeholder="Choose automatically"
          value={audioTrack ?? ""}
          onInput={({ currentTarget: { value } }) => changeOptions("transcription", { audioTrack: trackOf(value) })}
        />
        <span class="hint">A number starting at 0, or a language such as de.</span>
      </label>
    </>
  );
}

function trackOf(typed: string): number | string | undefined {
  const text = typed.trim();
  if (text === "") return undefined;
  return /^\d+$/.test(text) ? Number(text) : text;
}
