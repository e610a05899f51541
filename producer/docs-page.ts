// The page at /docs: it draws /openapi.json in the browser, with nothing from anywhere else.

export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Darkroom API</title>
<link rel="stylesheet" href="/docs.css">
<script src="/docs.js" defer></script>
</head>
<body>
<header>
<h1>Darkroom API</h1>
<p id="about"></p>
<label>Key <input id="key" type="password" autocomplete="off" placeholder="dk_…" size="40"></label>
<a href="/openapi.json">openapi.json</a>
</header>
<main id="operations"><noscript>The document itself is at /openapi.json.</noscript></main>
</body>
</html>
`;

export const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 20%, transparent); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre, textarea, input { font: 13px/1.5 ui-monospace, monospace; }
pre { background: color-mix(in srgb, currentColor 6%, transparent); padding: .6rem; overflow: auto; max-height: 24rem; }
details { border-bottom: 1px solid var(--line); }
summary { padding: .5rem 0; cursor: pointer; }
summary b { display: inline-block; width: 4.5rem; }
details > div { padding: 0 0 1rem 1rem; }
td, th { text-align: left; vertical-align: top; padding: .15rem 1rem .15rem 0; }
textarea { width: 100%; min-height: 6rem; }
button { font: inherit; padding: .2rem 1rem; }
`;

export const SCRIPT = String.raw`"use strict";
const byId = (id) => document.getElementById(id);

/** An element with properties and children; text stays text. */
function el(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.filter((child) => child != null));
  return element;
}

/** The schema with its references written out, three levels deep. */
function resolve(spec, schema, depth = 3) {
  if (schema === null || typeof schema !== "object") return schema;
  if (Array.isArray(schema)) return schema.map((one) => resolve(spec, one, depth));
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return depth === 0 ? { $ref: name } : resolve(spec, spec.components.schemas[name], depth - 1);
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolve(spec, value, depth)]));
}

/** Something small that has the shape of the schema. */
function example(schema) {
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  const some = (schema.oneOf || schema.anyOf || schema.allOf || [])[0];
  if (some) return example(some);
  if (schema.type === "object") {
    const required = Object.entries(schema.properties || {}).filter(([key]) => (schema.required || []).includes(key));
    return Object.fromEntries(required.map(([key, value]) => [key, example(value)]));
  }
  if (schema.type === "array") return [example(schema.items || {})];
  if (schema.type === "integer" || schema.type === "number") return schema.minimum > -1e9 ? schema.minimum : 1;
  if (schema.type === "boolean") return true;
  return "…";
}

function typeOf(schema) {
  if (schema.enum) return schema.enum.join(" | ");
  const some = schema.oneOf || schema.anyOf;
  return some ? some.map(typeOf).join(" | ") : schema.type || "any";
}

function parameterTable(parameters, inputs) {
  const rows = parameters.map((parameter) => {
    const input = el("input", { placeholder: parameter.schema.default ?? "" });
    inputs.set(parameter, input);
    const about = parameter.description || "";
    return el("tr", {},
      el("td", {}, el("code", {}, parameter.name + (parameter.required ? " *" : ""))),
      el("td", {}, parameter.in), el("td", {}, typeOf(parameter.schema)), el("td", {}, about), el("td", {}, input));
  });
  return rows.length === 0 ? null : el("table", {}, ...rows);
}

/** The request as the fields say it. */
function requestOf(method, path, inputs, body) {
  const query = new URLSearchParams();
  const headers = {};
  const key = byId("key").value.trim();
  if (key) headers.authorization = "Bearer " + key;
  for (const [parameter, { value }] of inputs) {
    if (value === "") continue;
    if (parameter.in === "path") path = path.replace("{" + parameter.name + "}", encodeURIComponent(value));
    if (parameter.in === "header") headers[parameter.name] = value;
    if (parameter.in !== "query") continue;
    if (!parameter.explode) query.append(parameter.name, value);
    else for (const [name, one] of new URLSearchParams(value)) query.append(name, one);
  }
  const search = query.toString();
  return { method, headers, url: location.origin + path + (search ? "?" + search : ""), body: body || undefined };
}

function curl({ method, url, headers, body }) {
  const quote = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
  const parts = ["curl" + (method === "GET" ? "" : " -X " + method) + " " + quote(url)];
  for (const [name, value] of Object.entries(headers)) {
    parts.push("-H " + (name === "authorization" ? '"Authorization: Bearer $KEY"' : quote(name + ": " + value)));
  }
  if (body) parts.push("-d " + quote(body));
  return parts.join(" \\\n  ");
}

async function send(request, output) {
  output.textContent = "…";
  try {
    const answer = await fetch(request.url, request);
    const headers = [...answer.headers].map(([name, value]) => name + ": " + value).join("\n");
    const text = await answer.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch {}
    output.textContent = answer.status + " " + answer.statusText + "\n" + headers + "\n\n" + shown.slice(0, 20000);
  } catch (error) {
    output.textContent = String(error);
  }
}

function operationOf(spec, path, method, operation) {
  const inputs = new Map();
  const json = operation.requestBody?.content?.["application/json"]?.schema;
  const schema = json && resolve(spec, json);
  const body = schema ? el("textarea", { value: JSON.stringify(example(schema), null, 2), spellcheck: false }) : null;
  const table = parameterTable(operation.parameters || [], inputs);
  const command = el("pre", {});
  const output = el("pre", { hidden: true });
  const request = () => requestOf(method.toUpperCase(), path, inputs, body?.value);
  const draw = () => { command.textContent = curl(request()); };
  const answers = Object.entries(operation.responses).map(([status, answer]) => {
    const [media, content] = Object.entries(answer.content || {})[0] || ["", {}];
    const shape = content.schema && Number(status) < 300 ? JSON.stringify(resolve(spec, content.schema, 2), null, 1) : null;
    return el("tr", {}, el("td", {}, status), el("td", {}, media),
      el("td", {}, answer.description, shape && shape !== "{}" ? el("details", {}, el("summary", {}, "schema"), el("pre", {}, shape)) : null));
  });
  const button = el("button", { onclick: () => { output.hidden = false; void send(request(), output); } }, "Try it");
  const inside = el("div", { oninput: draw }, table,
    schema ? el("details", {}, el("summary", {}, "body"), el("pre", {}, JSON.stringify(schema, null, 1))) : null,
    body, command, button, output, el("table", {}, ...answers));
  const head = el("summary", {}, el("b", {}, method.toUpperCase()), el("code", {}, path), " — " + (operation.summary || ""));
  return el("details", { id: operation.operationId, ontoggle: draw }, head, inside);
}

fetch("/openapi.json").then((answer) => answer.json()).then((spec) => {
  byId("about").textContent = spec.info.description;
  const groups = new Map();
  for (const [path, operations] of Object.entries(spec.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const tag = (operation.tags || ["more"])[0];
      if (!groups.has(tag)) groups.set(tag, el("section", {}, el("h2", {}, tag)));
      groups.get(tag).append(operationOf(spec, path, method, operation));
    }
  }
  byId("operations").replaceChildren(...groups.values());
}, (error) => { byId("operations").textContent = String(error); });
`;
