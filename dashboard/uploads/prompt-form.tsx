import type { JobRequest } from "../../client/index.ts";
import { formatCount } from "../ui/format.ts";
import { draft } from "./draft.ts";
import { Choice } from "./choice.tsx";
import { LongText, NumberField } from "./fields.tsx";
import { Terms } from "./job-settings.tsx";
import { type Options, settings, termsOf } from "./settings.ts";
import { RequestForm } from "./request-form.tsx";

type ImageOptions = Options<"image_generation">;
type ModelName = NonNullable<ImageOptions["model"]>;
type Setting = "steps" | "width" | "height" | "seed" | "guidance";

/** The settings that each model accepts in addition to the prompt (docs/api.md, options). The API refuses others. */
const MODELS: Readonly<Record<ModelName, { readonly name: string; readonly takes: readonly Setting[] }>> = {
  "flux-1-schnell": { name: "FLUX.1 schnell – fast", takes: ["steps"] },
  "flux-2-klein-4b": { name: "FLUX.2 klein 4B – balanced", takes: ["width", "height", "seed", "guidance"] },
  "flux-2-klein-9b": { name: "FLUX.2 klein 9B – accurate", takes: ["width", "height", "seed", "guidance"] },
  "flux-2-dev": { name: "FLUX.2 dev – slowest", takes: ["steps", "width", "height", "seed", "guidance"] },
};

const SETTINGS: Readonly<
  Record<Setting, { readonly name: string; readonly min: number; readonly max: number; readonly step: number }>
> = {
  width: { name: "Width, pixels", min: 256, max: 1920, step: 1 },
  height: { name: "Height, pixels", min: 256, max: 1920, step: 1 },
  steps: { name: "Steps", min: 1, max: 50, step: 1 },
  seed: { name: "Seed", min: 0, max: 4_294_967_295, step: 1 },
  guidance: { name: "Guidance", min: 0, max: 20, step: 0.1 },
};

const MAX_PROMPT_CHARS = 2048;
const EMPTY = {
  prompt: "",
  model: "flux-1-schnell" as ModelName,
  steps: "",
  width: "",
  height: "",
  seed: "",
  guidance: "",
};

/** The prompt that is being written. The gallery can put another prompt here. */
export const promptDraft = draft("prompt", EMPTY);

export function PromptForm() {
  const { value } = promptDraft;
  const { prompt, model } = value;
  const { takes } = MODELS[model];
  const request = requestOf();
  const set = (changed: Partial<typeof EMPTY>) => (promptDraft.value = { ...promptDraft.value, ...changed });

  function requestOf(): JobRequest | null {
    if (prompt.trim() === "") return null;
    const numbers = takes.flatMap((name) => (value[name].trim() === "" ? [] : [[name, Number(value[name])] as const]));
    const options: ImageOptions = { ...(model !== "flux-1-schnell" && { model }), ...Object.fromEntries(numbers) };
    return {
      kind: "image_generation",
      prompt,
      ...(Object.keys(options).length > 0 && { options }),
      ...termsOf(settings.value),
    };
  }

  return (
    <RequestForm request={request} act="Draw" onTaken={() => set({ prompt: "" })}>
      <LongText
        label="Prompt"
        rows={4}
        maxLength={MAX_PROMPT_CHARS}
        placeholder="A quiet harbour at dawn, small boats, mist over the water"
        value={prompt}
        onInput={(text) => set({ prompt: text })}
        hint={
          <span class="hint">
            {Array.from(prompt).length} of {formatCount(MAX_PROMPT_CHARS)} characters
          </span>
        }
      />
      <div class="settings-grid">
        <Choice
          label="Model"
          value={model}
          choices={Object.entries(MODELS).map(([name, { name: shown }]) => [name, shown])}
          onChange={(chosen) =>
            set({ model: (Object.keys(MODELS) as ModelName[]).find((one) => one === chosen) ?? "flux-1-schnell" })
          }
        />
      </div>
      <details class="more">
        <summary>Advanced</summary>
        <div class="settings-grid">
          {takes.map((name) => {
            const { name: label, ...limits } = SETTINGS[name];
            return (
              <NumberField
                key={name}
                label={label}
                {...limits}
                placeholder="The model's default"
                value={value[name]}
                onInput={(text) => set({ [name]: text })}
              />
            );
          })}
          <Terms />
        </div>
      </details>
    </RequestForm>
  );
}
