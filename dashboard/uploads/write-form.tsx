import type { JobRequest } from "../../client/index.ts";
import { formatCount } from "../ui/format.ts";
import { Choice } from "./choice.tsx";
import { draft } from "./draft.ts";
import { LongText, NumberField } from "./fields.tsx";
import { Terms } from "./job-settings.tsx";
import { RequestForm } from "./request-form.tsx";
import { type Options, settings, termsOf } from "./settings.ts";

type TextOptions = Options<"text_generation">;

const TIERS = {
  fast: "Fast",
  balanced: "Balanced",
  accurate: "Accurate",
} as const satisfies Record<NonNullable<TextOptions["tier"]>, string>;
const TIER_NAMES = Object.keys(TIERS) as readonly (keyof typeof TIERS)[];

/** The limits of the API (docs/api.md, options). */
const MAX_PROMPT_CHARS = 200_000;
const MAX_INSTRUCTION_CHARS = 20_000;
const MAX_SCHEMA_CHARS = 20_000;
const MAX_TOKENS = 4096;

const EMPTY = {
  prompt: "",
  tier: "fast" as keyof typeof TIERS,
  system: "",
  maxTokens: "",
  temperature: "",
  jsonSchema: "",
};
const writeDraft = draft("write", EMPTY);

export function WriteForm() {
  const { prompt, tier, system, maxTokens, temperature, jsonSchema } = writeDraft.value;
  const schema = readSchema(jsonSchema);
  const set = (changed: Partial<typeof EMPTY>) => (writeDraft.value = { ...writeDraft.value, ...changed });

  function requestOf(): JobRequest | null {
    if (prompt.trim() === "" || schema === "not JSON") return null;
    const options: TextOptions = {
      ...(tier !== "fast" && { tier }),
      ...(system.trim() !== "" && { system }),
      ...(maxTokens.trim() !== "" && { maxTokens: Number(maxTokens) }),
      ...(temperature.trim() !== "" && { temperature: Number(temperature) }),
      ...(schema !== null && { jsonSchema: schema }),
    };
    return {
      kind: "text_generation",
      prompt,
      ...(Object.keys(options).length > 0 && { options }),
      ...termsOf(settings.value),
    };
  }

  return (
    <RequestForm request={requestOf()} act="Write" onTaken={() => set({ prompt: "" })}>
      <LongText
        label="Prompt"
        rows={8}
        maxLength={MAX_PROMPT_CHARS}
        placeholder="Write an invitation to the harbour festival, in five sentences."
        value={prompt}
        onInput={(text) => set({ prompt: text })}
        hint={<span class="hint">At most {formatCount(MAX_PROMPT_CHARS)} characters.</span>}
      />
      <div class="settings-grid">
        <Choice
          label="Model"
          value={tier}
          choices={Object.entries(TIERS)}
          onChange={(chosen) => set({ tier: TIER_NAMES.find((one) => one === chosen) ?? "fast" })}
        />
      </div>
      <details class="more">
        <summary>Advanced</summary>
        <div class="settings-grid">
          <LongText
            label="Instructions"
            isWide
            rows={3}
            maxLength={MAX_INSTRUCTION_CHARS}
            placeholder="Answer in Dutch. Write for children."
            value={system}
            onInput={(text) => set({ system: text })}
            hint={<span class="hint">How the model is to write.</span>}
          />
          <LongText
            label="JSON Schema of the answer"
            isWide
            isCode
            isInvalid={schema === "not JSON"}
            rows={4}
            maxLength={MAX_SCHEMA_CHARS}
            placeholder='{ "type": "object", "properties": { "title": { "type": "string" } } }'
            value={jsonSchema}
            onInput={(text) => set({ jsonSchema: text })}
            hint={
              schema === "not JSON" ? (
                <span class="hint" data-tone="bad" role="status">
                  A schema is a JSON object. This text is not one.
                </span>
              ) : (
                <span class="hint">With a schema, the answer is JSON that fits it.</span>
              )
            }
          />
          <NumberField
            label="Maximum length, tokens"
            min={1}
            max={MAX_TOKENS}
            step={1}
            placeholder="512"
            value={maxTokens}
            onInput={(text) => set({ maxTokens: text })}
            hint={<span class="hint">A token is about four letters.</span>}
          />
          <NumberField
            label="Temperature"
            min={0}
            max={2}
            step={0.1}
            placeholder="The model's default"
            value={temperature}
            onInput={(text) => set({ temperature: text })}
            hint={<span class="hint">Lower values give more predictable texts.</span>}
          />
          <Terms />
        </div>
      </details>
    </RequestForm>
  );
}

/** Return the typed schema, null if there is none, or that it is not a JSON object. The API says whether it is a schema. */
function readSchema(typed: string): NonNullable<TextOptions["jsonSchema"]> | "not JSON" | null {
  if (typed.trim() === "") return null;
  try {
    const schema: unknown = JSON.parse(typed);
    const isObject = typeof schema === "object" && schema !== null && !Array.isArray(schema);
    return isObject ? (schema as NonNullable<TextOptions["jsonSchema"]>) : "not JSON";
  } catch {
    return "not JSON";
  }
}
