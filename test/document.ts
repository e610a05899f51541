// The OpenAPI document as the tests read it.
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

export const METHODS = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];

export type Schema = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

type Content = Readonly<Record<string, { readonly schema: Schema; readonly example?: unknown }>>;

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
  readonly security?: readonly unknown[];
}

export interface Document {
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Return the document with unknown fields forbidden. Clients should ignore unknown fields, but these tests do not. */
export function strictly(document: Document): Document {
  return JSON.parse(JSON.stringify(document), (_, value: unknown) => {
    if (typeof value !== "object" || value === null || !("properties" in value)) return value;
    const isWhole = "type" in value && !("additionalProperties" in value) && "required" in value;
    return isWhole ? { ...value, additionalProperties: false } : value;
  }) as Document;
}

/** The address of a document's schemas for the compiler, which compiles each of them once. */
const COMPONENTS = "components.json";
const compilers = new WeakMap<Document, Ajv2020>();
const compiled = new WeakMap<object, (value: unknown) => string[]>();

function compilerOf(document: Document): Ajv2020 {
  const known = compilers.get(document);
  if (known !== undefined) return known;
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
  addFormats.default(ajv);
  ajv.addSchema({ components: document.components }, COMPONENTS);
  compilers.set(document, ajv);
  return ajv;
}

/** Return a function that says how a value differs from a schema of the document. */
export function validatorOf(document: Document, schema: Schema): (value: unknown) => string[] {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const ajv = compilerOf(document);
  const whole = JSON.stringify(schema).replaceAll('"$ref":"#/components/', `"$ref":"${COMPONENTS}#/components/`);
  const isValid = ajv.compile(JSON.parse(whole) as Schema);
  const validate = (value: unknown) => (isValid(value) ? [] : [ajv.errorsText(isValid.errors)]);
  compiled.set(schema, validate);
  return validate;
}

/** Return the differences between an answer and the document; nothing if there are none. */
export function answersOf(
  document: Document,
  operation: Operation,
  { response, text }: { response: Response; text: string },
): string[] {
  const described = operation.responses[String(response.status)];
  if (described === undefined) return [`${operation.operationId} says nothing of ${response.status}`];
  const media = (response.headers.get("content-type") ?? "").split(";")[0] ?? "";
  const { content } = described;
  if (content === undefined) return text === "" ? [] : [`${operation.operationId} ${response.status} has a body`];
  const schema = (content[media] ?? content["*/*"])?.schema;
  if (schema === undefined) return [`${operation.operationId} ${response.status} says nothing of '${media}'`];
  if (media !== "application/json" && media !== "application/problem+json") return [];
  return validatorOf(document, schema)(JSON.parse(text));
}
