import { Hono } from "hono";

import type { App } from "../http/app.ts";
import { describe } from "../http/describe.ts";
import { limitBody } from "../http/limit-body.ts";
import { parseBody } from "../http/validate.ts";
import { answerChat } from "./answer-chat.ts";
import { CHAT_FIELDS, ChatCompletionRequest, chatOfCompletion, jsonWanted, stopsOf } from "./chat-request.ts";
import { chunkEvents, completionHead, completionOf } from "./completion-shape.ts";
import { DESCRIPTIONS } from "./descriptions.ts";
import { ignore, ignoreGiven } from "./ignored.ts";
import { prepareChat } from "./prepare-chat.ts";
import { CHAT_RULES, refuseUnmetIn } from "./text-rules.ts";

export const chat = new Hono<App>();

chat.post("/completions", describe(DESCRIPTIONS.createChatCompletion), limitBody, async (c) => {
  const parsed = await parseBody(c, ChatCompletionRequest);
  if (!parsed.ok) return parsed.response;
  const request = parsed.value;
  const refused = refuseUnmetIn(c, request, { rules: CHAT_RULES, used: CHAT_FIELDS });
  if (refused !== null) return refused;
  if (request.messages.some(({ name }) => name !== undefined && name !== null)) ignore(c, "messages.name");
  const asked = chatOfCompletion(request);
  const json = jsonWanted(request);
  // JSON is not cut anywhere: it would not be JSON.
  if (json !== null) ignoreGiven(c, { stop: request.stop });
  const prepared = prepareChat(c, { name: request.model, asked, at: "messages", mayCut: true, json });
  if (!prepared.ok) return prepared.response;
  const now = Date.now();
  const hasUsage = request.stream_options?.include_usage === true;
  return answerChat(
    c,
    { ...prepared, stopSequences: stopsOf(request), json, isStream: request.stream === true },
    {
      whole: (model, written) => completionOf(completionHead(model, now), written),
      events: (model) => chunkEvents(completionHead(model, now), { hasUsage }),
    },
  );
});
