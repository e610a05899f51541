// The documents are complete and clean: what a linter, a generator or a reader would miss has a name here.
import { beforeAll, expect, test } from "vitest";

import { app } from "../producer/index.ts";
import { documentOf } from "../producer/docs/openapi.ts";
import { PARTS, type PartName } from "../producer/docs/dialects.ts";
import { type Document, type Operation, type Schema, validatorOf } from "./document.ts";
import { faultsOf } from "./portable-pattern.ts";

const NAMES = Object.keys(PARTS) as PartName[];
const documents = new Map<PartName, Document>();

beforeAll(async () => {
  for (const name of NAMES) documents.set(name, JSON.parse(JSON.stringify(await documentOf(app, name))) as Document);
});

/** Every operation of every document, such as `GET /v1/jobs`. */
function operations(): { readonly document: Document; readonly call: string; readonly operation: Operation }[] {
  return [...documents.values()].flatMap((document) =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        document,
        call: `${method.toUpperCase()} ${path}`,
        operation,
      })),
    ),
  );
}

/** Sentences begin with a capital, a name in quotes or a path, and end with a full stop. */
const SENTENCES = /^["'`A-Z/].*[.!`)]$/s;

test("every route is described, in exactly one document", () => {
  const described = operations().map(({ call }) => call);
  const registered = app.routes
    // OpenAPI 3.1 cannot describe the method QUERY, with which Replicate's SDK searches.
    .filter(({ method }) => method !== "ALL" && method !== "QUERY")
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(\{[^}]*\})?/g, "{$1}")}`);
  const missing = [...new Set(registered)].filter((call) => !described.includes(call));
  expect(missing.map((call) => `${call}: add describe({ … }) to the route (producer/http/describe.ts)`)).toEqual([]);
  expect(described.filter((call) => !registered.includes(call))).toEqual([]);
  expect(new Set(described).size).toBe(described.length);
});

test("every operation has a summary, a description, a tag, an example of each JSON body, and a refusal", () => {
  const lacks = operations().flatMap(({ document, call, operation }) => {
    const { summary, description = "", tags = [], operationId, responses } = operation;
    const known = new Set(document.tags.map(({ name }) => name));
    const bodies = [
      ["request", operation.requestBody?.content?.["application/json"]] as const,
      ...Object.entries(responses)
        .filter(([status]) => status.startsWith("2"))
        .map(([status, { content }]) => [`answers.${status}.example`, content?.["application/json"]] as const),
    ];
    return [
      ...(summary === "" || summary.endsWith(".") ? ["a summary without a full stop"] : []),
      ...(SENTENCES.test(description) && description !== summary
        ? []
        : ["a description of sentences, which says more than the summary"]),
      ...(tags.length === 1 && known.has(tags[0] ?? "") ? [] : ["one tag of producer/http/tags.ts"]),
      ...(/^[a-z][A-Za-z0-9]+$/.test(operationId) ? [] : ["an operationId in camelCase"]),
      ...(Object.keys(responses).some((status) => status.startsWith("4")) ? [] : ["a 4xx answer"]),
      ...bodies.flatMap(([name, body]) => (body !== undefined && body.example === undefined ? [`'${name}'`] : [])),
    ].map((what) => `${call} lacks ${what}`);
  });
  expect(lacks).toEqual([]);
});

test("every example fits its schema", () => {
  const faults = operations().flatMap(({ document, call, operation }) =>
    contentsOf(operation).flatMap(([name, { schema, example }]) => {
      if (example === undefined) return [];
      return validatorOf(document, schema)(example).map((fault) => `${call} ${name}: ${fault}`);
    }),
  );
  expect(faults).toEqual([]);
});

/** What a made-up value looks like. */
const PLACEHOLDERS = /"(string|foo|bar|test|todo|lorem[^"]*|\.\.\.|…|x)"|127\.0\.0\.1|localhost/i;

test("the examples look like real values", () => {
  const made = operations().flatMap(({ call, operation }) =>
    contentsOf(operation).flatMap(([name, { example }]) =>
      PLACEHOLDERS.test(JSON.stringify(example) ?? "") ? [`${call} ${name}: ${JSON.stringify(example)}`] : [],
    ),
  );
  expect(made).toEqual([]);
});

function contentsOf({ requestBody, responses }: Operation) {
  return [
    ...Object.entries(requestBody?.content ?? {}).map(([media, body]) => [`request ${media}`, body] as const),
    ...Object.entries(responses).flatMap(([status, { content = {} }]) =>
      Object.entries(content).map(([media, body]) => [`${status} ${media}`, body] as const),
    ),
  ];
}

test("every pattern means the same in ECMAScript without flags, Python and RE2", () => {
  const faults: string[] = [];
  const visit = (value: unknown, at: string): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const here = `${at}/${key}`;
      const patterns = key === "patternProperties" ? Object.keys(inner as object) : key === "pattern" ? [inner] : [];
      for (const pattern of patterns) {
        if (typeof pattern === "string")
          faults.push(...faultsOf(pattern).map((fault) => `${here}: ${pattern} has ${fault}`));
      }
      visit(inner, here);
    }
  };
  for (const [name, document] of documents) visit(document, name);
  expect(faults).toEqual([]);
  // The test itself sees what it is for.
  for (const bad of [
    "^[^/\\\\\\p{Cc}]+$",
    "(?<=a)b",
    "(?<name>a)",
    "\\d+",
    "\\u0000",
    "a++",
    "[[:alpha:]]",
    "a{1,1001}",
    "\\1",
    "é",
  ])
    expect([bad, faultsOf(bad).length > 0]).toEqual([bad, true]);
  for (const good of ["^[^/\\\\\\x00-\\x1f]+$", "^(?:a|b)-[0-9]{1,4}\\.$", "a+?"]) expect(faultsOf(good)).toEqual([]);
});

test("a document names its server, its license and its tags, and has no component that nothing uses", () => {
  for (const [name, document] of documents) {
    expect([name, document]).toMatchObject([
      name,
      { openapi: "3.1.0", servers: [{ url: "/" }], info: { license: { identifier: "MIT" } } },
    ]);
    const text = JSON.stringify(document);
    const unused = Object.keys(document.components.schemas).filter((schema) => !text.includes(`/schemas/${schema}"`));
    expect([name, unused]).toEqual([name, []]);
    const used = new Set(
      Object.values(document.paths).flatMap((path) => Object.values(path).flatMap(({ tags }) => tags)),
    );
    expect([name, document.tags.map((tag) => tag.name).toSorted()]).toEqual([
      name,
      [...used].toSorted((a = "", b = "") => a.localeCompare(b)),
    ]);
    for (const { description } of document.tags) expect(description).toMatch(SENTENCES);
  }
});

test("a submit has one answer, whose id a client reads without asking which answer it is", () => {
  const darkroom = documents.get("darkroom");
  const idIn = (schema: Schema): boolean => {
    const ref = schema["$ref"];
    if (typeof ref === "string") return idIn(darkroom?.components.schemas[ref.split("/").at(-1)!] ?? {});
    const some = schema["anyOf"] ?? schema["oneOf"];
    if (Array.isArray(some)) return some.every((one: Schema) => idIn(one));
    return ((schema["required"] ?? []) as string[]).includes("id");
  };
  for (const path of ["/v1/jobs", "/v1/uploads", "/v1/uploads/{id}/complete", "/v1/jobs/{id}/cancel"]) {
    const successes = Object.entries(darkroom?.paths[path]?.["post"]?.responses ?? {}).filter(
      ([status]) => status < "3",
    );
    expect([path, successes.length > 0]).toEqual([path, true]);
    for (const [status, { content }] of successes)
      expect([path, status, idIn(content?.["application/json"]?.schema ?? {})]).toEqual([path, status, true]);
  }
});
