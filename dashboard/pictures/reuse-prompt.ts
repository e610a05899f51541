import type { Job } from "../../client/index.ts";
import { tell } from "../shell/toasts.tsx";
import { promptDraft } from "../uploads/prompt-form.tsx";
import { factsOf } from "./picture-facts.ts";

/** Put a picture's prompt and settings into the form. The previous content of the form can be restored. */
export function reusePrompt(job: Job): void {
  const before = promptDraft.value;
  const { prompt, options } = factsOf(job);
  const text = (name: string) => (options[name] === undefined ? "" : String(options[name]));
  const model = text("model");
  promptDraft.value = {
    prompt,
    model: isModel(model) ? model : "flux-1-schnell",
    steps: text("steps"),
    width: text("width"),
    height: text("height"),
    seed: text("seed"),
    guidance: text("guidance"),
  };
  const hadPrompt = before.prompt.trim() !== "" && before.prompt !== prompt;
  tell("The prompt and its settings are in the form.", {
    ...(hadPrompt && {
      action: { label: "Restore the previous content", run: () => (promptDraft.value = before) },
    }),
  });
}

type ModelName = typeof promptDraft.value.model;
const MODELS: readonly ModelName[] = ["flux-1-schnell", "flux-2-klein-4b", "flux-2-klein-9b", "flux-2-dev"];

function isModel(name: string): name is ModelName {
  return MODELS.some((one) => one === name);
}
