import { ModelError } from "../model-error.ts";
import type { ModelId } from "../models.ts";
import { mendJson } from "../prompts.ts";
import type { ModelRunner } from "../run-model.ts";
import type { Chat } from "../chat.ts";
import { write, type Written } from "../writer.ts";
import { createMeter, describeFault, findFaults } from "./find-faults.ts";
import { jsonChat, type JsonSchema } from "./json-chat.ts";
import { readAnswer } from "./read-answer.ts";
import { readSchema } from "./read-schema.ts";

/** Models whose contract takes `response_format` with a schema (test/contracts/). */
const JSON_MODELS: ReadonlySet<string> = new Set<ModelId>([
  "@cf/ibm-granite/granite-4.0-h-micro",
  "@cf/meta/llama-3.2-3b-instruct",
]);

export function takesJsonSchema(model: string): boolean {
  return JSON_MODELS.has(model);
}

interface Asked {
  /** The last answer, as the model wrote it. */
  readonly written: Written;
  /** How often the model was asked: 2 if its first answer did not fit. */
  readonly timesAsked: 1 | 2;
}

export type WroteJson = Asked &
  (
    | {
        readonly ok: true;
        readonly value: unknown;
        /** The value as JSON, for people. */
        readonly text: string;
        /** Whether the answer was JSON only after its commas, quotation marks or brackets were mended. */
        readonly isRepaired: boolean;
      }
    /** Neither answer fits. `faults` say what is wrong with the last; there is at least one. */
    | { readonly ok: false; readonly faults: readonly string[] }
  );

/** Runs `ask` for the answer of this name; a task that keeps its answers returns a kept one instead. */
export type Keep = (name: "first" | "second", ask: () => Promise<Written>) => Promise<Written>;

const askAlways: Keep = (_, ask) => ask();

/**
 * Ask a text model for JSON that fits a schema, and once more if its answer does not fit.
 * @param chat what is asked, without a word about JSON, or as `fitJsonChat` returns it.
 * @throws ModelError
 */
export async function writeJson(
  models: ModelRunner,
  model: ModelId,
  chat: Chat,
  schema: JsonSchema,
  keep: Keep = askAlways,
): Promise<WroteJson> {
  const read = readSchema(schema);
  if (!read.ok) throw new Error(`the schema was not checked: ${read.message}`);
  const readOne = (written: Written) => {
    const meter = createMeter();
    return readAnswer(written, (value) => findFaults(value, read.schema, meter).map(describeFault));
  };
  const asked = jsonChat(chat, schema);
  const first = await keep("first", () => writeOnce(models, model, asked, schema));
  const answer = readOne(first);
  if (answer.ok) return { ...wrote(answer), written: first, timesAsked: 1 };
  const again = { ...asked, messages: mendJson(asked.messages, { answer: first.text, faults: answer.faults }) };
  const written = await keep("second", () => writeOnce(models, model, again, schema));
  const second = readOne(written);
  return { ...(second.ok ? wrote(second) : second), written, timesAsked: 2 };
}

function wrote<T extends { readonly value: unknown }>(answer: T): T & { readonly text: string } {
  return { ...answer, text: JSON.stringify(answer.value, null, 2) };
}

/** Ask in the model's JSON mode, if it has one. A model that cannot meet the schema in that mode may still write JSON. */
async function writeOnce(models: ModelRunner, model: ModelId, chat: Chat, jsonSchema: JsonSchema): Promise<Written> {
  if (!takesJsonSchema(model)) return write(models, model, chat);
  try {
    return await write(models, model, { ...chat, jsonSchema });
  } catch (error) {
    if (!isJsonModeRefusal(error)) throw error;
    return write(models, model, chat);
  }
}

/** 5025 is a model without a JSON mode; the words are those of developers.cloudflare.com/workers-ai/features/json-mode. */
function isJsonModeRefusal(error: unknown): boolean {
  if (!(error instanceof ModelError)) return false;
  return error.platformCode === 5025 || /JSON Mode couldn.t be met/i.test(error.message);
}
