// Texts of the OpenAI dialect, through OpenAI's library.
import { type Case, expect } from "./case.ts";

const MODEL = "gpt-4o-mini";
const ask = {
  model: MODEL,
  messages: [{ role: "user" as const, content: "The harbour opens at nine.\n\nWhen does it open?" }],
};

const SCHEMA = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
/** The scripted model answers with what stands between the brackets. */
const SAYS = '<<["{\\"city\\": \\"Bergen\\"}"]>>';

export const chatCases: readonly Case[] = [
  {
    operation: "POST /openai/v1/chat/completions",
    via: "openai",
    of: "whole",
    async run({ openai }) {
      const { choices, usage } = await openai.chat.completions.create(ask);
      expect(choices[0]?.message.content, "no text");
      expect((usage?.total_tokens ?? 0) > 0, "no usage");
    },
  },
  {
    operation: "POST /openai/v1/chat/completions",
    via: "openai",
    of: "streamed",
    async run({ openai }) {
      const stream = openai.chat.completions.stream({ ...ask, stream_options: { include_usage: true } });
      let pieces = 0;
      stream.on("content", () => (pieces += 1));
      const { choices, usage } = await stream.finalChatCompletion();
      expect(choices[0]?.finish_reason === "stop" && pieces > 1, `the answer came in ${pieces} pieces`);
      expect((usage?.total_tokens ?? 0) > 0, "no usage");
    },
  },
  {
    operation: "POST /openai/v1/chat/completions",
    via: "openai",
    of: "json_schema",
    async run({ openai }) {
      const { choices } = await openai.chat.completions.parse({
        model: MODEL,
        messages: [{ role: "user", content: SAYS }],
        response_format: { type: "json_schema", json_schema: { name: "city", schema: SCHEMA, strict: true } },
      });
      expect(JSON.stringify(choices[0]?.message.parsed) === '{"city":"Bergen"}', "another object");
    },
  },
  {
    operation: "POST /openai/v1/responses",
    via: "openai",
    of: "whole",
    async run({ openai }) {
      const { output_text: text, status, usage } = await openai.responses.create({ model: MODEL, input: "When?" });
      expect(text !== "" && status === "completed", status ?? "no status");
      expect((usage?.total_tokens ?? 0) > 0, "no usage");
    },
  },
  {
    operation: "POST /openai/v1/responses",
    via: "openai",
    of: "streamed",
    async run({ openai }) {
      const stream = openai.responses.stream({ model: MODEL, input: "When?" });
      let pieces = 0;
      stream.on("response.output_text.delta", () => (pieces += 1));
      const { output_text: text, status } = await stream.finalResponse();
      expect(text !== "" && status === "completed" && pieces > 1, `${status} in ${pieces} pieces`);
    },
  },
  {
    operation: "POST /openai/v1/responses",
    via: "openai",
    of: "json_schema, streamed",
    async run({ openai }) {
      const format = { type: "json_schema", name: "city", schema: SCHEMA, strict: true } as const;
      const stream = openai.responses.stream({ model: MODEL, input: SAYS, text: { format } });
      const { output_parsed: parsed } = await stream.finalResponse();
      expect(JSON.stringify(parsed) === '{"city":"Bergen"}', "another object");
    },
  },
];
