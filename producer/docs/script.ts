// What the page at /docs runs: an operation is drawn from the document, and its request built from the fields.

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

/** Text in which what stands between backticks is code. */
function prose(text) {
  return (text || "").split("\x60").map((part, index) => (index % 2 ? el("code", {}, part) : part));
}

function heading(text, ...rest) {
  return rest.some((one) => one != null) ? [el("h3", {}, text), ...rest.filter((one) => one != null)] : [];
}

function parameterRows(parameters, inputs) {
  const rows = parameters.map((parameter) => {
    const name = parameter.name + (parameter.required ? " *" : "");
    const input = el("input", { placeholder: parameter.schema.default ?? "", ariaLabel: parameter.name, spellcheck: false });
    inputs.set(parameter, input);
    return el("div", {},
      el("span", {}, el("code", {}, name), el("span", { className: "dim" }, " " + parameter.in)),
      el("span", {}, el("code", { className: "dim" }, typeOf(parameter.schema)), " ", ...prose(parameter.description || parameter.schema.description)),
      input);
  });
  return rows.length === 0 ? null : el("div", { className: "rows" }, ...rows);
}

/** The request as the fields say it. */
function requestOf(method, path, inputs, { text, file }) {
  const query = new URLSearchParams();
  const headers = text && !file ? { "content-type": "application/json" } : {};
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
  return { method, headers, url: location.origin + path + (search ? "?" + search : ""), body: file || text || undefined };
}

function curl({ method, url, headers, body }, wantsKey) {
  const quote = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
  const parts = ["curl" + (method === "GET" ? "" : " -X " + method) + " " + quote(url)];
  if (wantsKey) parts.push('-H "Authorization: Bearer $KEY"');
  for (const [name, value] of Object.entries(headers)) {
    if (name !== "authorization") parts.push("-H " + quote(name + ": " + value));
  }
  if (body instanceof File) parts.push("--data-binary " + quote("@" + body.name));
  else if (body) parts.push("-d " + quote(body));
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
  const content = operation.requestBody?.content ?? {};
  const json = content["application/json"]?.schema;
  const schema = json && resolve(spec, json);
  const body = schema ? el("textarea", { value: JSON.stringify(example(schema), null, 2), spellcheck: false, ariaLabel: "body" }) : null;
  const file = content["application/octet-stream"] ? el("input", { type: "file", ariaLabel: "file" }) : null;
  const command = el("pre", {});
  const output = el("pre", { hidden: true });
  const request = () => requestOf(method.toUpperCase(), path, inputs, { text: body?.value, file: file?.files[0] });
  const draw = () => { command.textContent = curl(request(), operation.security?.length !== 0); };
  const answers = Object.entries(operation.responses).map(([status, answer]) => {
    const [media, { schema }] = Object.entries(answer.content || {})[0] || ["", {}];
    const shape = schema && Number(status) < 300 ? JSON.stringify(resolve(spec, schema, 2), null, 1) : "{}";
    return el("div", {}, el("code", {}, status),
      el("div", {}, ...prose(answer.description), el("span", { className: "dim" }, media && " · " + media), shape === "{}" ? null : schemaOf("schema", shape)));
  });
  const button = el("button", { type: "button", onclick: () => { output.hidden = false; void send(request(), output); } }, "Try it");
  const shown = () => {
    const inside = el("div", { oninput: draw },
      operation.description && operation.description !== operation.summary ? el("p", { className: "dim" }, ...prose(operation.description)) : null,
      ...heading("Parameters", parameterRows(operation.parameters || [], inputs)),
      ...heading(file && body ? "Body: a file, or else JSON" : "Body", file, body, schema ? schemaOf("schema", JSON.stringify(schema, null, 1)) : null),
      ...heading("Request", command, button, output),
      ...heading("Answers", el("div", { className: "rows answers" }, ...answers)));
    draw();
    return inside;
  };
  const head = el("summary", {},
    el("span", { className: "method " + method }, method.toUpperCase()),
    el("code", { className: "path" }, path),
    el("span", { className: "about" }, ...prose(operation.summary)));
  const details = el("details", { id: operation.operationId, className: "operation" }, head);
  // What is inside is made when it is first looked at: some of the schemas are long.
  details.ontoggle = () => { if (details.children.length === 1) details.append(shown()); };
  return details;
}

function schemaOf(label, text) {
  return el("details", { className: "schema" }, el("summary", {}, label), el("pre", {}, text));
}

/** An address may name an operation: /docs#submitJob. */
function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named?.tagName === "DETAILS") named.open = true;
  named?.scrollIntoView();
}

/** What one comes for first; whatever is not named here follows. */
const FIRST = ["jobs", "uploads", "results", "webhooks", "operations", "keys"];

fetch("/openapi.json").then((answer) => answer.json()).then((spec) => {
  byId("about").replaceChildren(...prose(spec.info.description));
  const groups = new Map(FIRST.map((tag) => [tag, []]));
  for (const [path, operations] of Object.entries(spec.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const tag = (operation.tags || ["more"])[0];
      groups.set(tag, [...(groups.get(tag) || []), operationOf(spec, path, method, operation)]);
    }
  }
  byId("groups").replaceChildren(...[...groups.keys()].map((tag) => el("a", { href: "#group-" + tag }, tag)));
  byId("operations").replaceChildren(...[...groups].map(([tag, all]) => el("section", { id: "group-" + tag }, el("h2", {}, tag), ...all)));
  byId("access").onsubmit = (event) => event.preventDefault();
  addEventListener("hashchange", openNamed);
  openNamed();
}).catch((error) => { byId("operations").textContent = String(error); });
`;
