// The platform's contract for each model's requests and answers. test/contracts/ has it as JSON, with its sources. The stand-ins
// enforce it with zod, in Node and in workerd: ajv would compile code at run time, which workerd does not allow.
import * as z from "zod";

import type { ModelId } from "../shared/models/models.ts";
import bgeM3 from "../test/contracts/bge-m3.json" with { type: "json" };
import distilbert from "../test/contracts/distilbert-sst-2-int8.json" with { type: "json" };
import flux1 from "../test/contracts/flux-1-schnell.json" with { type: "json" };
import flux2Dev from "../test/contracts/flux-2-dev.json" with { type: "json" };
import klein4b from "../test/contracts/flux-2-klein-4b.json" with { type: "json" };
import klein9b from "../test/contracts/flux-2-klein-9b.json" with { type: "json" };
import granite from "../test/contracts/granite-4.0-h-micro.json" with { type: "json" };
import llama8b from "../test/contracts/llama-3.1-8b-instruct-fp8-fast.json" with { type: "json" };
import llama3b from "../test/contracts/llama-3.2-3b-instruct.json" with { type: "json" };
import moondream from "../test/contracts/moondream3.1-9b-a2b.json" with { type: "json" };
import resnet from "../test/contracts/resnet-50.json" with { type: "json" };
import turbo from "../test/contracts/whisper-large-v3-turbo.json" with { type: "json" };
import tiny from "../test/contracts/whisper-tiny-en.json" with { type: "json" };
import whisper from "../test/contracts/whisper.json" with { type: "json" };

type JsonSchema = Readonly<Record<string, unknown>>;

/** One documented or observed answer, or event of a stream. */
export interface AnswerContract {
  readonly name: string;
  readonly source: string;
  readonly date: string;
  readonly media: string;
  /** The complete forms of the answer. */
  readonly shapes: readonly string[];
  /** The forms that leave out optional fields. */
  readonly partial?: readonly string[];
  readonly schema: JsonSchema;
}

export interface Contract {
  readonly model: string;
  readonly source: string;
  readonly date: string;
  readonly note?: string;
  readonly request: JsonSchema;
  /** The schema of the form's fields, if the inputs are a form. */
  readonly form?: JsonSchema;
  readonly answers: readonly AnswerContract[];
  readonly events?: readonly AnswerContract[];
}

export const CONTRACTS: Readonly<Record<ModelId, Contract>> = {
  "@cf/openai/whisper-tiny-en": tiny,
  "@cf/openai/whisper": whisper,
  "@cf/openai/whisper-large-v3-turbo": turbo,
  "@cf/black-forest-labs/flux-1-schnell": flux1,
  "@cf/black-forest-labs/flux-2-klein-4b": klein4b,
  "@cf/black-forest-labs/flux-2-klein-9b": klein9b,
  "@cf/black-forest-labs/flux-2-dev": flux2Dev,
  "@cf/microsoft/resnet-50": resnet,
  "@cf/huggingface/distilbert-sst-2-int8": distilbert,
  "@cf/ibm-granite/granite-4.0-h-micro": granite,
  "@cf/meta/llama-3.2-3b-instruct": llama3b,
  "@cf/meta/llama-3.1-8b-instruct-fp8-fast": llama8b,
  "@cf/moondream/moondream3.1-9B-A2B": moondream,
  "@cf/baai/bge-m3": bgeM3,
};

/** Return the contract of a model; undefined if Darkroom does not use the model. */
export function contractOf(model: string): Contract | undefined {
  return Object.hasOwn(CONTRACTS, model) ? CONTRACTS[model as ModelId] : undefined;
}

/** Return what is wrong with a request, in the words of the platform's error 5006; null if it is valid or the model is unknown. */
export function refuseRequest(model: string, inputs: unknown): string | null {
  const contract = contractOf(model);
  return contract === undefined ? null : violation(contract.request, plain(inputs));
}

/** Do the same for the fields of a form, which all arrive as text. */
export function refuseForm(model: string, fields: Readonly<Record<string, unknown>>): string | null {
  const form = contractOf(model)?.form;
  return form === undefined ? null : violation(form, formValues(form, fields));
}

/** Return the fields of a form, with numbers where the schema requires them. */
export function formValues(form: JsonSchema, fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const types = (form["properties"] ?? {}) as Readonly<Record<string, { readonly type?: string }>>; // our own JSON
  const read = ([name, value]: readonly [string, unknown]) => {
    const isNumber = ["number", "integer"].includes(types[name]?.type ?? "");
    return [name, isNumber && typeof value === "string" && value.trim() !== "" ? Number(value) : value];
  };
  return Object.fromEntries(Object.entries(fields).map(read)) as Record<string, unknown>;
}

/** Bytes as an array may be millions of numbers. Once all are known to be numbers, only this many are validated. */
const BYTES_LOOKED_AT = 64;

/** Return inputs as JSON Schema sees them: a stream is an object. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    const isBytes = value.length > BYTES_LOOKED_AT && value.every((byte) => typeof byte === "number");
    return isBytes ? value.slice(0, BYTES_LOOKED_AT) : value.map(plain);
  }
  if (value instanceof ReadableStream) return {};
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}

const compiled = new WeakMap<JsonSchema, z.ZodType>();

function violation(schema: JsonSchema, value: unknown): string | null {
  const checked = compiled.get(schema) ?? z.fromJSONSchema(schema);
  compiled.set(schema, checked);
  const parsed = checked.safeParse(value, { reportInput: true });
  return parsed.success ? null : faultsOf(parsed.error.issues);
}

type Issue = z.core.$ZodIssue;

/** Write the faults as the service does: missing properties at '/', every other fault with its path. */
export function faultsOf(found: readonly Issue[]): string {
  const issues = found.flatMap(inNearestForm);
  const missing = issues.filter(isMissing);
  if (missing.length > 0) {
    return `Error: required properties at '/' are '${missing.map(({ path }) => path.join(".")).join(",")}'`;
  }
  return `Error: ${issues.map(({ message, path }) => `${message} at '/${path.join("/")}'`).join("; ")}`;
}

/** For a union, report the faults of the nearest form: the one of the right type with the fewest faults. */
function inNearestForm(issue: Issue): readonly Issue[] {
  if (issue.code !== "invalid_union" || issue.input === undefined) return [issue];
  const forms = issue.errors.map((errors) => errors.flatMap(inNearestForm));
  const distance = (errors: readonly Issue[]) =>
    errors.reduce((sum, { code, path }) => sum + (code === "invalid_type" && path.length === 0 ? 100 : 1), 0);
  const [nearest = []] = forms.toSorted((a, b) => distance(a) - distance(b));
  return nearest.map((fault) => ({ ...fault, path: [...issue.path, ...fault.path] }));
}

function isMissing(issue: Issue): boolean {
  return issue.input === undefined && (issue.code === "invalid_type" || issue.code === "invalid_union");
}
