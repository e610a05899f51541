import type { Context } from "hono";

import { describeCut, fitChat } from "../../shared/models/fit-chat.ts";
import { fitJsonChat } from "../../shared/models/json-output/json-chat.ts";
import type { ModelId } from "../../shared/models/models.ts";
import { takesSampling } from "../../shared/models/sampling.ts";
import type { Chat } from "../../shared/models/chat.ts";
import { textModelsFrom } from "../generate/ask-in-turn.ts";
import type { App } from "../http/app.ts";
import { openAiError } from "./errors.ts";
import { refuseUnmet } from "./ignored.ts";
import { modelOf } from "./resolve-model.ts";
import type { TextChat, WantedJson } from "./text-request.ts";

export const NOTICE_HEADER = "x-darkroom-notice";

export type PreparedChat =
  | { readonly ok: true; readonly models: readonly [ModelId, ...ModelId[]]; readonly chat: Chat }
  | { readonly ok: false; readonly response: Response };

interface Asked {
  /** The model's name in the request. */
  readonly name: string;
  readonly asked: TextChat;
  /** The parameter that has the conversation. */
  readonly at: string;
  /** Whether a conversation that is too long may be cut. */
  readonly mayCut: boolean;
  readonly json: WantedJson | null;
}

/**
 * Choose the models that are asked, and cut the chat to their context. A client that names a model by its `@cf/…` id gets that model
 * alone. Notices for the client go into a header.
 */
export function prepareChat(c: Context<App>, { name, asked, at, mayCut, json }: Asked): PreparedChat {
  const named = modelOf(c, { name, task: "text" });
  if (!named.ok) return named;
  const { model } = named;
  const { chat: wanted, notices } = asked;
  const { sampling = {} } = wanted;
  let taken = sampling;
  if (!takesSampling(model, sampling)) {
    const { frequency_penalty: frequency = 0, presence_penalty: presence, ...others } = sampling;
    const [param, value] = frequency < 0 ? ["frequency_penalty", frequency] : ["presence_penalty", presence];
    const refused = refuseUnmet(c, { [param]: value }, { [param]: `'${model}' takes 0 to 2.` });
    if (refused !== null) return { ok: false, response: refused };
    taken = others;
  }
  const chain = name.startsWith("@cf/") ? [] : textModelsFrom(model, c.env.MODEL_FALLBACKS).slice(1);
  const models = [model, ...chain.filter((one) => takesSampling(one, taken))] as const;
  const whole = { ...wanted, sampling: taken };
  const { chat, cut } = json === null ? fitChat(whole, models) : fitJsonChat(whole, json.schema, models);
  if (cut !== null && !mayCut) {
    const message = `Your input exceeds the context of the model '${model}'. Shorten it, or send truncation 'auto'.`;
    const code = "context_length_exceeded";
    const response = openAiError(c, { status: 400, message, type: "invalid_request_error", param: at, code });
    return { ok: false, response };
  }
  const all = [...notices, ...(cut === null ? [] : [describeCut(cut)])];
  if (all.length > 0) c.header(NOTICE_HEADER, all.join(" "));
  return { ok: true, models, chat };
}
