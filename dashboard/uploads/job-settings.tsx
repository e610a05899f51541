import type { KnownKind } from "../ui/kinds.ts";
import { Choice } from "./choice.tsx";
import { change, changeOptions, type Priority, settings, type Step, STEP_NAMES, STEPS_OF } from "./settings.ts";
import { AdvancedTranscription, TranscriptionOptions, WhichSound } from "./transcription-settings.tsx";

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
