// Parameters of OpenAI's text API that a model here cannot meet. They are refused only if they ask for something: a value under which
// they change nothing is accepted, and named in the header.
import type { Context } from "hono";

import type { App } from "../http/app.ts";
import { ignoreGiven, refuseUnmet } from "./ignored.ts";

export type Body = Readonly<Record<string, unknown>>;

interface Rule {
  /** Whether a value asks for nothing that is missing here. Null and missing values are never looked at. */
  readonly isMet: (value: unknown, body: Body) => boolean;
  readonly reason: string;
}

export type Rules = Readonly<Record<string, Rule>>;

const NO_TOOLS = "tools are not supported here. Leave them out, or send tool_choice 'none'.";
const NO_FUNCTIONS = "functions are not supported here. Leave them out, or send function_call 'none'.";
const NO_LOGPROBS = "the models return no log probabilities.";

const SHARED: Rules = {
  tools: { isMet: (value, { tool_choice: choice }) => isEmptyList(value) || choice === "none", reason: NO_TOOLS },
  tool_choice: { isMet: isNoChoice, reason: NO_TOOLS },
  top_logprobs: { isMet: (value) => value === 0, reason: NO_LOGPROBS },
  moderation: { isMet: () => false, reason: "nothing is moderated here. Send the text to a service that does." },
};

export const CHAT_RULES: Rules = {
  ...SHARED,
  n: { isMet: (value) => value === 1, reason: "an answer has one choice. Send a request for each." },
  logprobs: { isMet: (value) => value === false, reason: NO_LOGPROBS },
  functions: {
    isMet: (value, { function_call: choice }) => isEmptyList(value) || choice === "none",
    reason: NO_FUNCTIONS,
  },
  function_call: { isMet: isNoChoice, reason: NO_FUNCTIONS },
  modalities: {
    isMet: (value) => Array.isArray(value) && value.every((one) => one === "text"),
    reason: "the models write text only. Send ['text'] or leave it out.",
  },
  logit_bias: {
    isMet: (value) => Object.values(value ?? {}).every((bias) => bias === 0),
    reason: "token biases are not supported. Leave it out.",
  },
  web_search_options: { isMet: () => false, reason: "the models do not search the web." },
};

export const RESPONSE_RULES: Rules = {
  ...SHARED,
  background: {
    isMet: (value) => value === false,
    reason: "a response is written while you wait. Submit a job with POST /v1/jobs instead.",
  },
  previous_response_id: { isMet: () => false, reason: "no response is stored. Send the conversation as 'input'." },
  conversation: { isMet: () => false, reason: "no conversation is stored. Send it as 'input'." },
  prompt: { isMet: () => false, reason: "no prompts are stored. Send the text as 'instructions' and 'input'." },
};

/**
 * Refuse the first parameter that cannot be met, and name those that change nothing.
 * @param used the parameters that the route reads.
 */
export function refuseUnmetIn(
  c: Context<App>,
  body: Body,
  { rules, used }: { readonly rules: Rules; readonly used: ReadonlySet<string> },
): Response | null {
  const reasons = Object.entries(rules).map(([param, { isMet, reason }]) => {
    return [param, isMet(body[param], body) ? null : reason] as const;
  });
  const refused = refuseUnmet(c, body, Object.fromEntries(reasons));
  if (refused !== null) return refused;
  ignoreGiven(c, Object.fromEntries(Object.entries(body).filter(([name]) => !used.has(name))));
  return null;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isNoChoice(value: unknown): boolean {
  return value === "none" || value === "auto";
}
