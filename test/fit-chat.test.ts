// Chats that are longer than the context of a model.
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { describeCut, fitChat, tokensOf } from "../shared/models/fit-chat.ts";
import { fitJsonChat } from "../shared/models/json-output/json-chat.ts";
import { type ModelId, TEXT_MODELS } from "../shared/models/models.ts";
import { MENDING_TOKENS, type Message, schemaAsked } from "../shared/models/prompts.ts";

const { fast, balanced, accurate } = TEXT_MODELS;

function chat(...messages: readonly [Message["role"], string][]) {
  return { messages: messages.map(([role, content]) => ({ role, content })), maxTokens: 512 };
}

test("a chat that fits is not touched", () => {
  const asked = chat(["system", "Be short."], ["user", "Hi"], ["assistant", "Hello."], ["user", "x".repeat(90_000)]);
  expect(fitChat(asked, [accurate])).toEqual({ chat: asked, cut: null });
  expect(fitChat(asked, [accurate]).chat).toBe(asked);
});

test("the oldest messages go first, and no conversation begins with an answer", () => {
  const long = "y".repeat(60_000);
  const asked = chat(["system", "Be short."], ["user", long], ["assistant", long], ["user", "b"], ["user", "c"]);
  const { chat: fitted, cut } = fitChat(asked, [accurate]);
  expect(fitted.messages.map(({ content }) => content)).toEqual(["Be short.", "b", "c"]);
  expect(cut).toEqual({ messagesLeftOut: 2, promptCharsLeftOut: 0, instructionCharsLeftOut: 0 });
  expect(describeCut(cut!)).toBe("The text is longer than the model can read. Left out: the 2 oldest messages.");
});

test("both ends of a prompt that is too long stay", () => {
  const { chat: fitted, cut } = fitChat(chat(["user", `first ${"z".repeat(150_000)} last`]), [accurate]);
  expect(fitted.messages[0]!.content).toMatch(/^first z+\n\n\[…\]\n\nz+ last$/);
  expect(cut!.promptCharsLeftOut).toBeGreaterThan(50_000);
  expect(describeCut(cut!)).toContain("characters from the middle of the prompt");
});

test("instructions of any length leave room for the prompt", () => {
  const asked = chat(
    ["system", "天".repeat(20_000)],
    ["system", `rules ${"天".repeat(20_000)} end`],
    ["user", "Which boats?"],
  );
  const { chat: fitted, cut } = fitChat(asked, [accurate]);
  expect(fitted.messages.at(-1)!.content).toBe("Which boats?");
  expect(fitted.messages[1]!.content).toMatch(/^rules 天+\n\n\[…\]\n\n天+ end$/);
  expect(new TextEncoder().encode(JSON.stringify(fitted.messages)).length / 3 + 512).toBeLessThanOrEqual(32_000);
  expect(describeCut(cut!)).toMatch(/Left out: \d+ characters from the middle of the instructions\.$/);
});

test("a schema is never cut, whatever the instructions and the prompt have to lose", () => {
  const wide = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`field${index}`, { type: "string" }]));
  for (const schema of [
    { type: "object", properties: wide(3) },
    { type: "object", properties: wide(500) },
  ]) {
    const asked = chat(["system", "天".repeat(40_000)], ["user", `first ${"z".repeat(150_000)} last`]);
    const { chat: fitted, cut } = fitJsonChat(asked, schema, [accurate]);
    expect(schemaAsked(fitted.messages)).toBe(JSON.stringify(schema));
    expect(fitted.messages.at(-1)!.content).toMatch(/^first z+\n\n\[…\]\n\nz+ last$/);
    expect(cut!.instructionCharsLeftOut).toBeGreaterThan(0);
    expect(fitted.maxTokens).toBe(512);
    expect(tokensOf(fitted.messages) + 512 + MENDING_TOKENS).toBeLessThanOrEqual(32_000);
  }
});

test("the model with the smallest context decides", () => {
  const asked = chat(["user", "w".repeat(200_000)]);
  expect(fitChat(asked, [fast]).cut).toBeNull();
  expect(fitChat(asked, [balanced]).cut).toBeNull();
  expect(fitChat(asked, [fast, accurate]).cut).not.toBeNull();
});

test("whatever is cut fits, keeps the instructions and the prompt, and no character is halved", () => {
  const unit = fc.constantFrom("a", "é", "天", "🙂");
  const text = fc.tuple(unit, fc.integer({ min: 0, max: 60_000 })).map(([char, count]) => char.repeat(count));
  const role = fc.constantFrom("user" as const, "assistant" as const);
  const models = fc.subarray(Object.values<ModelId>(TEXT_MODELS), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(fc.tuple(role, text), { maxLength: 4 }), text, models, (earlier, prompt, asked) => {
      const given = chat(["system", "Be short."], ...earlier, ["user", prompt]);
      const { chat: fitted, cut } = fitChat(given, asked);
      const bytes = new TextEncoder().encode(fitted.messages.map(({ content }) => content).join("")).length;
      expect(bytes / 3 + 512).toBeLessThanOrEqual(asked.includes(accurate) ? 32_000 : 131_000);
      expect(fitted.messages[0]!.content).toBe("Be short.");
      expect(fitted.messages.at(-1)!.content.isWellFormed()).toBe(true);
      expect(fitted.messages.length - 2 + (cut?.messagesLeftOut ?? 0)).toBe(earlier.length);
      expect(fitted === given).toBe(cut === null);
    }),
    { numRuns: 30 },
  );
});
