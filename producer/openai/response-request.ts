import * as z from "zod";

import { AnyObject, boundedText } from "../../shared/input/bounded-text.ts";
import { MAX_SYSTEM_CHARS } from "../../shared/limits.ts";
import type { Message } from "../../shared/models/prompts.ts";
import { ModelName } from "./model-names.ts";
import {
  ANY_OBJECT,
  chatOf,
  ChatText,
  contentOf,
  MAX_MESSAGES,
  refuseMessages,
  Role,
  roles,
  samplingFields,
  samplingOf,
  shown,
  type TextChat,
  TextFormat,
  textOf,
  TokenLimit,
  type WantedJson,
} from "./text-request.ts";

/** Items that a client may send back from another service. They are not needed to continue. */
const PASSED_OVER = "reasoning";

// Loose, because SDKs send more with each version. What is not listed here is named in the header of the answer.
const Item = z
  .looseObject({
    type: z
      .enum(["message", PASSED_OVER], {
        error: ({ input }) =>
          `${shown(input)} is not supported: the models read messages of text only, and nothing is stored to refer to`,
      })
      .optional(),
    role: Role.optional(),
    content: contentOf(["input_text", "output_text", "refusal", "text"]).nullish(),
  })
  .refine(({ type, role }) => type === PASSED_OVER || role !== undefined, { path: ["role"], message: "is missing" });
type Item = z.infer<typeof Item>;

export const ResponseRequest = z.looseObject({
  model: ModelName.nullish(),
  input: z
    .union([
      ChatText.refine((text) => text.trim() !== "", "is empty"),
      z
        .array(Item)
        .min(1)
        .max(MAX_MESSAGES)
        .superRefine((items, context) => {
          const message = refuseMessages(messagesOf(items));
          if (message !== null) context.addIssue({ code: "custom", message });
        }),
    ])
    .nullish(),
  instructions: boundedText({ max: MAX_SYSTEM_CHARS }).nullish(),
  ...samplingFields,
  max_output_tokens: TokenLimit,
  text: z.looseObject({ format: TextFormat.nullish() }).nullish(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
  stream: z.boolean().nullish(),
  // Only for the answer, which shows what was asked for.
  metadata: AnyObject.nullish(),
  user: ChatText.nullish(),
});
export type ResponseRequest = z.infer<typeof ResponseRequest>;

/** What the route reads. `background: false` is what it always does. */
export const RESPONSE_FIELDS: ReadonlySet<string> = new Set(
  [...Object.keys(ResponseRequest.shape), "background"].filter((name) => name !== "metadata" && name !== "user"),
);

export function chatOfResponse(request: ResponseRequest): TextChat {
  const { input, instructions, temperature, max_output_tokens } = request;
  const asked = typeof input === "string" ? [{ role: "user" as const, content: input }] : messagesOf(input ?? []);
  const rules = instructions === undefined || instructions === null || instructions === "" ? [] : [instructions];
  const messages = [...rules.map((content) => ({ role: "system" as const, content })), ...asked];
  const limit = ["max_output_tokens", max_output_tokens ?? 0] as const;
  return chatOf(messages, { limit, temperature, sampling: samplingOf(request) });
}

export function jsonWantedBy({ text }: ResponseRequest): WantedJson | null {
  const format = text?.format;
  switch (format?.type) {
    case undefined:
    case "text":
      return null;
    case "json_object":
      return { schema: ANY_OBJECT, at: "text.format" };
    case "json_schema":
      return { schema: format.schema ?? ANY_OBJECT, at: "text.format.schema" };
  }
}

function messagesOf(items: readonly Item[]): readonly Message[] {
  return items.flatMap(({ role, content }) =>
    role === undefined ? [] : { role: roles[role], content: textOf(content) },
  );
}
