import { useRef } from "preact/hooks";

import type { JobRequest } from "../../client/index.ts";
import { formatCount } from "../ui/format.ts";
import { draft } from "./draft.ts";
import { Terms } from "./job-settings.tsx";
import { settings, termsOf } from "./settings.ts";
import { SubmitBar } from "./submit-bar.tsx";
import { useSubmit } from "./submit.ts";

const MAX_TEXT_CHARS = 10_000;
const textDraft = draft("text", { text: "" });

export function TextForm() {
  const { text } = textDraft.value;
  const key = useRef(crypto.randomUUID());
  const submit = useSubmit(() => (textDraft.value = { text: "" }));
  const request: JobRequest | null =
    text.trim() === "" ? null : { kind: "classification", text, ...termsOf(settings.value) };
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (request !== null) submit.mutate({ request, key: key.current });
      }}
    >
      <label class="field">
        <span>Text</span>
        <textarea
          class="input"
          rows={8}
          maxLength={MAX_TEXT_CHARS}
          placeholder="The room was bright and the breakfast even better. We will come back."
          value={text}
          onInput={({ currentTarget }) => {
            key.current = crypto.randomUUID();
            textDraft.value = { text: currentTarget.value };
          }}
        />
        <span class="hint">
          Its mood is judged: positive or negative, with a score. Up to {formatCount(MAX_TEXT_CHARS)} characters.
        </span>
      </label>
      <details class="more">
        <summary>Advanced</summary>
        <div class="settings-grid">
          <Terms />
        </div>
      </details>
      <SubmitBar request={request} isBusy={submit.isPending} error={submit.error} act="Classify" />
    </form>
  );
}
