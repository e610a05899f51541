// The names of models in OpenAI's dialect, and the operator's table of them.
import { Hono } from "hono";
import { expect, test } from "vitest";

import type { App } from "../producer/http/app.ts";
import { ignore, refuseUnmet } from "../producer/openai/ignored.ts";
import { allNames, findByName, NAMED_TASKS, readAliases } from "../producer/openai/model-names.ts";
import { readModelNames } from "../producer/openai/resolve-model.ts";

const TURBO = "@cf/openai/whisper-large-v3-turbo";
const LLAMA = "@cf/meta/llama-3.1-8b-instruct-fp8-fast";

function aliasesOf(OPENAI_MODELS: Env["OPENAI_MODELS"]) {
  const table = readAliases({ OPENAI_MODELS });
  if (!table.ok) throw new Error(table.why);
  return table.aliases;
}

test("the default names stand only for models of their task", () => {
  const aliases = aliasesOf("");
  const found = (name: string) => NAMED_TASKS.map((task) => findByName(aliases, { name, task }));
  expect(found("gpt-4o-transcribe")).toEqual([TURBO, null, null, null]);
  expect(found("gpt-image-1")).toEqual([null, "@cf/black-forest-labs/flux-2-klein-4b", null, null]);
  expect(found("gpt-4o-mini")).toEqual([null, null, "@cf/ibm-granite/granite-4.0-h-micro", null]);
  expect(found("text-embedding-3-small")).toEqual([null, null, null, "@cf/baai/bge-m3"]);
  expect(found("constructor")).toEqual([null, null, null, null]);
});

test("a tier is another model for each task, and an id is itself", () => {
  const aliases = aliasesOf("");
  expect(NAMED_TASKS.map((task) => findByName(aliases, { name: "accurate", task }))).toEqual([
    TURBO,
    "@cf/black-forest-labs/flux-2-klein-9b",
    LLAMA,
    null,
  ]);
  expect(findByName(aliases, { name: TURBO, task: "speech" })).toBe(TURBO);
  expect(findByName(aliases, { name: TURBO, task: "text" })).toBeNull();
});

test("the operator's table is merged over the default names, as an object or as JSON", () => {
  const table = { "gpt-4o": LLAMA, "whisper-1": "@cf/openai/whisper", "dall-e-2": null };
  for (const given of [table, JSON.stringify(table)]) {
    const aliases = aliasesOf(given);
    expect(findByName(aliases, { name: "gpt-4o", task: "text" })).toBe(LLAMA);
    expect(findByName(aliases, { name: "whisper-1", task: "speech" })).toBe("@cf/openai/whisper");
    expect(findByName(aliases, { name: "dall-e-3", task: "image" })).not.toBeNull();
    expect(allNames(aliases).has("dall-e-2")).toBe(false);
  }
});

test("every listed name works in some route", () => {
  const aliases = aliasesOf({ "gpt-4o": LLAMA });
  for (const name of allNames(aliases).keys()) {
    expect(NAMED_TASKS.some((task) => findByName(aliases, { name, task }) !== null)).toBe(true);
  }
});

test("a mistake in the operator's table names its entry", () => {
  for (const [given, why] of [
    ["{", /^OPENAI_MODELS: it is not JSON: .+\.$/],
    ["[]", /^OPENAI_MODELS: .*expected record.*\.$/],
    [
      { "gpt-4o": "@cf/meta/llama-9" },
      /^OPENAI_MODELS: 'gpt-4o' stands for '@cf\/meta\/llama-9', which is none of @cf\//,
    ],
    // Questions about pictures and labels have no route here.
    [{ labels: "@cf/microsoft/resnet-50" }, /'labels' stands for/],
    [{ fast: LLAMA }, /^OPENAI_MODELS: 'fast' is a name of Darkroom's own and cannot be an alias\.$/],
    ['{"gpt-4o": 4}', /^OPENAI_MODELS: 'gpt-4o': .+\.$/],
  ] as const) {
    expect(readAliases({ OPENAI_MODELS: given })).toMatchObject({
      ok: false,
      why: expect.stringMatching(why),
    });
  }
});

test("a parameter that cannot be fulfilled is refused with name and value, or only named if the operator prefers that", async () => {
  const app = new Hono<App>();
  app.get("/", (c) => {
    ignore(c, "style", "größe");
    return refuseUnmet(c, { n: 2, dimensions: 256 }, { n: null, dimensions: "no.", stream: "no." }) ?? c.text("done");
  });
  const ask = async (OPENAI_LENIENT: string) => app.request("/", {}, { OPENAI_LENIENT });
  const refused = await ask("false");
  expect([refused.status, await refused.json()]).toMatchObject([
    400,
    {
      error: {
        param: "dimensions",
        code: "unsupported_value",
        message: "Unsupported value: 'dimensions' is '256': no.",
      },
    },
  ]);
  const accepted = await ask("true");
  expect([accepted.status, accepted.headers.get("x-darkroom-ignored")]).toEqual([
    200,
    "style, gr%C3%B6%C3%9Fe, dimensions",
  ]);
});

test("a mistake in the operator's table stops the dialect, and says where it is", async () => {
  const app = new Hono<App>().use(readModelNames).get("/", (c) => c.text("done"));
  expect((await app.request("/", {}, { OPENAI_MODELS: "" })).status).toBe(200);
  const stopped = await app.request("/", {}, { OPENAI_MODELS: '{"gpt-4o": 4}' });
  expect([stopped.status, await stopped.json()]).toMatchObject([
    503,
    { detail: expect.stringMatching(/^OPENAI_MODELS: 'gpt-4o': .+ Correct it in wrangler\.jsonc and deploy again\.$/) },
  ]);
});
