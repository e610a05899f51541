// One Worker that is both sides of the AI binding.
export { default as LocalAi } from "../../local/ai-worker.ts";
export { default } from "./caller.ts";
