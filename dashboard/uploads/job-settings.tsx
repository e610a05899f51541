import type { ComponentChildren } from "preact";

import type { KnownKind } from "../ui/kinds.ts";
import {
  change,
  changeOptions,
  type Options,
  type Priority,
  settings,
  type Step,
  STEP_NAMES,
  STEPS_OF,
} from "./settings.ts";

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

const STEP_ORDER = Object.keys(STEP_NAMES) as readonly Step[];

/** The options for all files that have not been sent, with their defaults. */
export function JobSettings({ kinds }: { kinds: readonly KnownKind[] }) {
  const { then } = settings.value;
  const steps = STEP_ORDER.filter((step) => kinds.some((kind) => STEPS_OF[kind].includes(step)));
  return (
    <details class="more card settings">
      <summary>Options</summary>
      <div class="settings-body">
        {kinds.includes("transcription") && <TranscriptionOptions />}
        {kinds.includes("classification") && <ClassificationOptions />}
        {steps.length > 0 && (
          <fieldset class="field-group">
            <legend>Further steps</legend>
            {steps.map((step) => (
              <StepCheck key={step} step={step} then={then} />
            ))}
          </fieldset>
        )}
        <details class="more">
          <summary>Advanced</summary>
          <div class="settings-grid">
            {kinds.includes("transcription") && <AdvancedTranscription />}
            {kinds.includes("transcription") && <WhichSound />}
            <Terms />
          </div>
        </details>
      </div>
    </details>
  );
}

function StepCheck({ step, then }: { step: Step; then: readonly Step[] }) {
  const { name, does } = STEP_NAMES[step];
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={then.includes(step)}
        onChange={(event) =>
          change({ then: event.currentTarget.checked ? [...then, step] : then.filter((one) => one !== step) })
        }
      />
      <span>
        {name} <span class="dim">– {does}</span>
      </span>
    </label>
  );
}

function TranscriptionOptions() {
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

function AdvancedTranscription() {
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
function WhichSound() {
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

function ClassificationOptions() {
  const { topK = 5 } = settings.value.options.classification;
  return (
    <div class="settings-grid">
      <label class="field">
        <span>Maximum number of labels</span>
        <input
          class="input"
          type="number"
          min={1}
          max={100}
          value={topK}
          onInput={({ currentTarget: { valueAsNumber } }) =>
            changeOptions("classification", {
              topK: Number.isInteger(valueAsNumber) && valueAsNumber !== 5 ? valueAsNumber : undefined,
            })
          }
        />
      </label>
    </div>
  );
}

/** The tags, the priority and the limit of any job. */
export function Terms() {
  const { tags, priority, maxNeurons, reuse } = settings.value;
  return (
    <>
      <label class="field">
        <span>Tags</span>
        <input
          class="input"
          placeholder="interview, 2026"
          value={tags}
          onInput={({ currentTarget: { value } }) => change({ tags: value })}
        />
        <span class="hint">Separated by commas.</span>
      </label>
      <Choice
        label="Priority"
        value={priority}
        choices={[
          ["high", "High"],
          ["normal", "Normal"],
          ["low", "Low"],
        ]}
        onChange={(value) => change({ priority: PRIORITIES.find((one) => one === value) ?? "normal" })}
      />
      <label class="field">
        <span>Maximum neurons per job</span>
        <input
          class="input"
          inputMode="decimal"
          placeholder="No limit"
          value={maxNeurons}
          onInput={({ currentTarget: { value } }) => change({ maxNeurons: value })}
        />
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={reuse}
          onChange={({ currentTarget: { checked } }) => change({ reuse: checked })}
        />
        <span>
          Reuse a stored result <span class="dim">– an identical job is not paid for twice</span>
        </span>
      </label>
    </>
  );
}

const PRIORITIES: readonly Priority[] = ["high", "normal", "low"];

export function Choice({
  label,
  value,
  choices,
  onChange,
  hint,
  isDisabled = false,
}: {
  label: string;
  value: string;
  choices: readonly (readonly [value: string, name: string])[];
  onChange: (value: string) => void;
  hint?: ComponentChildren;
  isDisabled?: boolean;
}) {
  return (
    <label class="field">
      <span>{label}</span>
      <select
        class="select"
        value={value}
        disabled={isDisabled}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {choices.map(([one, name]) => (
          <option key={one} value={one}>
            {name}
          </option>
        ))}
      </select>
      {hint !== undefined && <span class="hint">{hint}</span>}
    </label>
  );
}
