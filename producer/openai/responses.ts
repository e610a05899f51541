import { Hono } from "hono";

import { TEXT_MODELS } from "../../shared/models/models.ts";
import type { App } from "../http/app.ts";
import { describe } from "../http/describe.ts";
import { limitBody } from "../http/limit-body.ts";
import { parseBody } from "../http/validate.ts";
import { answerChat } from "./answer-chat.ts";
import { type OpenAiError, openAiError } from "./errors.ts";
import { DESCRIPTIONS } from "./descriptions.ts";
import { ignore } from "./ignored.ts";
import { prepareChat } from "./prepare-chat.ts";
import { chatOfResponse, jsonWantedBy, RESPONSE_FIELDS, ResponseRequest } from "./response-request.ts";
import { emptyResponse, responseEvents, responseHead, responseOf } from "./response-shape.ts";
import { refuseUnmetIn, RESPONSE_RULES } from "./text-rules.ts";

export const responses = new Hono<App>();

const NO_INPUT: OpenAiError = {
  status: 400,
  message: "Missing 'input': send a string or a list of messages.",
  type: "invalid_request_error",
  param: "input",
  code: "missing_required_parameter",
};

responses.post("/", describe(DESCRIPTIONS.createResponse), limitBody, async (c) => {
  const parsed = await parseBody(c, ResponseRequest);
  if (!parsed.ok) return parsed.response;
  const request = parsed.value;
  const refused = refuseUnmetIn(c, request, { rules: RESPONSE_RULES, used: RESPONSE_FIELDS });
  if (refused !== null) return refused;
  const now = Date.now();
  if (request.input === undefined || request.input === null) {
    // OpenAI's own tests send nothing at all. Then no model is asked, and nothing is paid for.
    if (c.env.OPENAI_LENIENT !== "true") return openAiError(c, NO_INPUT);
    ignore(c, "input");
    return c.json(emptyResponse(responseHead(TEXT_MODELS.fast, request, now)));
  }
  const asked = chatOfResponse(request);
  const json = jsonWantedBy(request);
  const mayCut = request.truncation !== "disabled";
  const prepared = prepareChat(c, { name: request.model ?? "fast", asked, at: "input", mayCut, json });
  if (!prepared.ok) return prepared.response;
  return answerChat(
    c,
    { ...prepared, stopSequences: [], json, isStream: request.stream === true },
    {
      whole: (model, written) => responseOf(responseHead(model, request, now), written),
      events: (model) => responseEvents(responseHead(model, request, now)),
    },
  );
});
