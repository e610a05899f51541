import type { JobRequest } from "../../client/index.ts";
import { formatCount } from "../ui/format.ts";
import { draft } from "./draft.ts";
import { LongText } from "./fields.tsx";
import { Terms } from "./job-settings.tsx";
import { settings, termsOf } from "./settings.ts";
import { RequestForm } from "./request-form.tsx";

const MAX_TEXT_CHARS = 10_000;
const textDraft = draft("text", { text: "" });

export function TextForm() {
  const { text } = textDraft.value;
  const request: JobRequest | null =
    text.trim() === "" ? null : { kind: "classification", text, ...termsOf(settings.value) };
  return (
    <RequestForm request={request} act="Classify" onTaken={() => (textDraft.value = { text: "" })}>
      <LongText
        label="Text"
        rows={8}
        maxLength={MAX_TEXT_CHARS}
        placeholder="The room was bright and the breakfast even better. We will come back."
        value={text}
        onInput={(typed) => (textDraft.value = { text: typed })}
        hint={
          <span class="hint">
            The model decides whether the text is positive or negative, with a score. At most{" "}
            {formatCount(MAX_TEXT_CHARS)} characters.
          </span>
        }
      />
      <details class="more">
        <summary>Advanced</summary>
        <div class="settings-grid">
          <Terms />
        </div>
      </details>
    </RequestForm>
  );
}
