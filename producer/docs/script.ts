// The script of the page at /docs. It shows the operations of the document, and builds a request from the fields of each.

export const SCRIPT = String.raw`"use strict";
const byId = (id) => document.getElementById(id);

/** Make an element with properties and children. Strings become text, never HTML. */
function el(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.filter((child) => child != null));
  return element;
}

/** A schema with its references replaced by their schemas, three levels deep. */
function resolve(spec, schema, depth = 3) {
  if (schema === null || typeof schema !== "object") return schema;
  if (Array.isArray(schema)) return schema.map((one) => resolve(spec, one, depth));
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return depth === 0 ? { $ref: name } : resolve(spec, spec.components.schemas[name], depth - 1);
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolve(spec, value, depth)]));
}

/** A small value that fits the schema. */
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

/** Text as nodes. Parts between backticks become code. */
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

/** Build the request from the fields. */
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

/** Send the request, and show the status, the body and the headers of the answer. */
async function send(request, output) {
  output.textContent = "…";
  const open = /\{(\w+)\}/.exec(request.url);
  if (open) { output.textContent = "Fill in '" + open[1] + "' first."; return; }
  try {
    const answer = await fetch(request.url, request);
    const headers = [...answer.headers].map(([name, value]) => name + ": " + value).join("\n");
    const text = await answer.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch {}
    output.textContent = answer.status + " " + answer.statusText + "\n\n" + (shown === "" ? "(no body)" : shown.slice(0, 20000)) + "\n\n" + headers;
  } catch (error) {
    output.textContent = String(error);
  }
}

/** The call of an operation in the client and on the command line. Other operations are shown with fetch. */
const CALLS = {
  submitJob: ["darkroom.jobs.submit(BODY)", "submit --prompt 'a harbour at dawn'"],
  listJobs: ["darkroom.jobs.list({ limit: 20 }).page()", "ls"],
  readJob: ["darkroom.jobs.get(ID)", "get ID"],
  cancelJob: ["darkroom.jobs.cancel(ID)", null],
  deleteJob: ["darkroom.jobs.delete(ID)", null],
  readReceipt: ["darkroom.jobs.receipt(ID)", "receipt ID"],
  readTranscript: ['darkroom.jobs.transcript(ID, "vtt")', "get ID --format vtt"],
  search: ['darkroom.search("harbour")', "search harbour"],
  upload: ['darkroom.uploads.put(file, { name: "meeting.mp3" })', "submit meeting.mp3"],
  listDeadLetters: ["darkroom.deadLetters.groups().page()", "dead-letters"],
  readDeadLetter: ["darkroom.deadLetters.get(ID)", null],
  redriveDeadLetter: ["darkroom.deadLetters.redrive(ID)", null],
  redriveMany: ["darkroom.redrives.create(BODY)", null],
  readQueues: ["darkroom.queues.get()", null],
  readThroughput: ["darkroom.queues.throughput({ hours: 6 })", null],
  readUsage: ['darkroom.usage({ by: ["day", "model"] })', "usage --by day,model"],
  listBudgets: ["darkroom.budgets.list()", "budgets ls"],
  listWebhooks: ["darkroom.webhooks.list().page()", null],
  createWebhook: ["darkroom.webhooks.create(BODY)", null],
  listKeys: ["darkroom.keys.list().page()", "keys ls"],
  readOwnKey: ["darkroom.keys.self()", null],
  createKey: ["darkroom.keys.create(BODY)", null],
  listAudit: ["darkroom.audit.list().page()", null],
};

function typeScript(operationId, request, inputs) {
  const call = CALLS[operationId]?.[0];
  if (call === undefined) {
    const options = { method: request.method, headers: { authorization: "Bearer KEY" }, body: request.body instanceof File ? undefined : request.body };
    return "const answer = await fetch(" + JSON.stringify(request.url) + ", " + JSON.stringify(options, null, 2).replace('"Bearer KEY"', '"Bearer " + process.env.DARKROOM_KEY') + ");\nconsole.log(await answer.json());";
  }
  const filled = call.replace("BODY", () => request.body || "{}").replace("ID", () => JSON.stringify(idIn(inputs)));
  return 'import { createClient } from "./client/index.ts";\n\nconst darkroom = createClient({ baseUrl: "' + location.origin + '", key: process.env.DARKROOM_KEY });\nconsole.log(await ' + filled + ");";
}

function commandLine(operationId, inputs) {
  const command = CALLS[operationId]?.[1];
  return command ? "DARKROOM_URL=" + location.origin + " DARKROOM_KEY=$KEY \\\n  bin/darkroom " + command.replace("ID", () => idIn(inputs)) : null;
}

function idIn(inputs) {
  for (const [parameter, { value }] of inputs) if (parameter.name === "id") return value || "job_…";
  return "job_…";
}

/** Fill in the id of the latest job if an operation requires one, so that the first try succeeds. */
async function fillId(path, inputs, draw) {
  const key = byId("key").value.trim();
  if (key === "" || !path.startsWith("/v1/jobs/{id}")) return;
  const answer = await fetch("/v1/jobs?limit=1", { headers: { authorization: "Bearer " + key } });
  const latest = answer.ok ? (await answer.json()).jobs[0] : undefined;
  for (const [parameter, input] of inputs) if (parameter.name === "id" && latest !== undefined && input.value === "") input.value = latest.id;
  draw();
}

function operationOf(spec, path, method, operation) {
  const inputs = new Map();
  const content = operation.requestBody?.content ?? {};
  const json = content["application/json"]?.schema;
  const schema = json && resolve(spec, json);
  const body = schema ? el("textarea", { value: JSON.stringify(content["application/json"].example ?? example(schema), null, 2), spellcheck: false, ariaLabel: "body" }) : null;
  const file = content["application/octet-stream"] ? el("input", { type: "file", ariaLabel: "file" }) : null;
  const command = el("pre", { tabIndex: 0 });
  const output = el("pre", { hidden: true, tabIndex: 0 });
  const request = () => requestOf(method.toUpperCase(), path, inputs, { text: body?.value, file: file?.files[0] });
  let shownAs = "curl";
  const samples = {
    curl: () => curl(request(), operation.security?.length !== 0),
    CLI: () => commandLine(operation.operationId, inputs) || "# The command line has no command for this.",
    TypeScript: () => typeScript(operation.operationId, request(), inputs),
  };
  const tabs = Object.keys(samples).map((name) => el("button", { type: "button", onclick: () => { shownAs = name; draw(); } }, name));
  const draw = () => {
    command.textContent = samples[shownAs]();
    for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.textContent === shownAs));
  };
  const answers = Object.entries(operation.responses).map(([status, answer]) => {
    const [media, { schema }] = Object.entries(answer.content || {})[0] || ["", {}];
    const shape = schema && Number(status) < 300 ? JSON.stringify(resolve(spec, schema, 2), null, 1) : "{}";
    return el("div", {}, el("code", {}, status),
      el("div", {}, ...prose(answer.description), el("span", { className: "dim" }, media && " · " + media), shape === "{}" ? null : schemaOf("schema", shape)));
  });
  const button = el("button", { type: "button", onclick: () => { output.hidden = false; void send(request(), output); } }, "Try it");
  const shown = () => {
    const inside = el("div", { oninput: draw },
      el("p", {}, el("a", { href: "#" + operation.operationId }, "Link to this operation")),
      operation.description && operation.description !== operation.summary ? el("p", { className: "dim" }, ...prose(operation.description)) : null,
      ...heading("Parameters", parameterRows(operation.parameters || [], inputs)),
      ...heading(file && body ? "Body: a file or JSON" : "Body", file, body, schema ? schemaOf("schema", JSON.stringify(schema, null, 1)) : null),
      ...heading("Request", el("div", { className: "samples" }, ...tabs), command, button, output),
      ...heading("Answers", el("div", { className: "rows answers" }, ...answers)));
    draw();
    void fillId(path, inputs, draw);
    return inside;
  };
  const head = el("summary", {},
    el("span", { className: "method " + method }, method.toUpperCase()),
    el("code", { className: "path" }, path),
    el("span", { className: "about" }, ...prose(operation.summary)));
  const details = el("details", { id: operation.operationId, className: "operation" }, head);
  // The content is made when the operation is first opened, because some schemas are long.
  details.ontoggle = () => { if (details.children.length === 1) details.append(shown()); };
  return details;
}

function schemaOf(label, text) {
  return el("details", { className: "schema" }, el("summary", {}, label), el("pre", {}, text));
}

/** Open the operation that the address names, as in /docs#submitJob. */
function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named?.tagName === "DETAILS") named.open = true;
  named?.scrollIntoView();
}

/** Show only the operations whose path, name or summary has every word of the search. */
function filter() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter((word) => word !== "");
  let found = 0;
  for (const section of byId("operations").children) {
    let own = 0;
    for (const operation of section.querySelectorAll("details.operation")) {
      const text = (operation.id + " " + operation.querySelector("summary").textContent).toLowerCase();
      operation.hidden = !words.every((word) => text.includes(word));
      if (!operation.hidden) own += 1;
    }
    section.hidden = own === 0;
    found += own;
  }
  byId("none").hidden = found > 0;
}

/** The key that the dashboard has stored for this tab or this browser. */
function signedInKey() {
  try { return sessionStorage.getItem("darkroom.key") || localStorage.getItem("darkroom.key") || ""; } catch { return ""; }
}

/** Show a first call, which succeeds with a key and without one. */
function startFirst() {
  const request = () => requestOf("GET", byId("key").value.trim() === "" ? "/healthz" : "/v1/keys/self", new Map(), {});
  const draw = () => { byId("first-command").textContent = curl(request(), byId("key").value.trim() !== ""); };
  byId("key").addEventListener("input", draw);
  byId("first-try").onclick = () => { byId("first-answer").hidden = false; void send(request(), byId("first-answer")); };
  draw();
}

byId("key").value = signedInKey();
startFirst();
byId("search").oninput = filter;
for (const one of document.querySelectorAll(".sample, .origin")) {
  one.textContent = one.className === "origin" ? location.origin + one.textContent : one.textContent.replaceAll("ORIGIN", location.origin);
}

/** The groups that come first, in this order. The others follow. */
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
  byId("groups").replaceChildren(...[...groups.keys()].map((tag) => el("a", { href: "#group-" + tag }, tag)), el("a", { href: "#dialects" }, "dialects"));
  byId("operations").replaceChildren(...[...groups].map(([tag, all]) => el("section", { id: "group-" + tag }, el("h2", {}, tag), ...all)));
  byId("access").onsubmit = (event) => event.preventDefault();
  addEventListener("hashchange", openNamed);
  openNamed();
}).catch((error) => { byId("operations").textContent = String(error); });
`;
