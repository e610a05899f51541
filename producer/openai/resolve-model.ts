// Which model a name in a request stands for.
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";

import type { ModelId } from "../../shared/models/models.ts";
import type { App } from "../http/app.ts";
import { problem, type Problem } from "../http/problem.ts";
import { allNames, findByName, type NamedTask, readAliases } from "./model-names.ts";

/** Read the operator's table of names. A mistake in it is answered before anything is done: a name might stand for another model. */
export const readModelNames = createMiddleware<App>(async (c, next) => {
  const table = readAliases(c.env);
  if (!table.ok) {
    return problem(c, { code: "unavailable", detail: `${table.why} Correct it in wrangler.jsonc and deploy again.` });
  }
  c.set("aliases", table.aliases);
  return next();
});

/** The model that a request names, among those of the route's task. */
export function modelOf(
  c: Context<App>,
  asked: { readonly name: string; readonly task: NamedTask },
): { readonly ok: true; readonly model: ModelId } | { readonly ok: false; readonly response: Response } {
  const aliases = aliasesOf(c);
  const model = findByName(aliases, asked);
  if (model !== null) return { ok: true, model };
  return { ok: false, response: problem(c, noSuchModel(asked, allNames(aliases).has(asked.name))) };
}

function noSuchModel({ name, task }: { name: string; task: NamedTask }, isKnown: boolean): Problem {
  const what = isKnown ? `is not a model for ${WORK[task]}` : "does not exist here";
  const detail = `The model '${name}' ${what}. GET /openai/v1/models lists the models; OPENAI_MODELS gives them other names.`;
  return { code: "model_not_found", detail };
}

const WORK: Readonly<Record<NamedTask, string>> = {
  speech: "recordings",
  image: "pictures",
  text: "text",
  embedding: "embeddings",
};

export function aliasesOf(c: Context<App>): ReadonlyMap<string, ModelId> {
  const aliases = c.get("aliases");
  if (aliases === undefined) throw new Error("the names of models have not been read");
  return aliases;
}
