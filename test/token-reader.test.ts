// The streams of text models, cut at any place: their text, whether they are complete, and their cost.
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { inTurn } from "../local/shapes.ts";
import { tokenReader } from "../producer/generate/token-reader.ts";

const GRANITE = "@cf/ibm-granite/granite-4.0-h-micro";
const USAGE = { prompt_tokens: 100, completion_tokens: 7 };
const encoder = new TextEncoder();

function streamOf(texts: readonly string[], number: number, usage: object | null): Uint8Array {
  const event = inTurn(number).events(GRANITE);
  const events = [...texts.map((text) => ({ text })), ...(usage === null ? [] : [{ text: "", usage }])];
  return encoder.encode(`${events.map((one) => `data: ${JSON.stringify(event(one))}\n\n`).join("")}data: [DONE]\n\n`);
}

function reader() {
  const headers = new Headers({ "cf-ai-neurons": "0", "x-darkroom-engine": "scripted" });
  return tokenReader(GRANITE, { headers, expected: { inputTokens: 90, outputTokens: 512 }, startedAt: Date.now() });
}

const texts = fc.array(fc.string({ unit: "binary", minLength: 1 }), { maxLength: 20 });
const numbers = fc.integer({ min: 0, max: 1 });

test("both shapes of events give the same text, wherever the bytes are cut", () => {
  fc.assert(
    fc.property(texts, numbers, fc.integer({ min: 1, max: 40 }), (said, number, size) => {
      const stream = streamOf(said, number, { ...USAGE, neurons: 1.25 });
      const tokens = reader();
      const read: string[] = [];
      for (let at = 0; at < stream.length; at += size) read.push(...tokens.read(stream.subarray(at, at + size)));
      read.push(...tokens.end());
      expect(read.join("")).toBe(said.join(""));
      expect(tokens.isComplete).toBe(true);
      const units = { inputTokens: 100, outputTokens: 7 };
      expect(tokens.call()).toMatchObject({ units, neurons: 1.25, isEstimated: false, engine: "scripted" });
    }),
  );
});

test("a stream that was cut is not complete, and costs what was received", () => {
  fc.assert(
    fc.property(texts, numbers, fc.nat(), (said, number, cut) => {
      const stream = streamOf(said, number, USAGE);
      const tokens = reader();
      const events = new TextDecoder().decode(stream).split("\n\n").slice(0, said.length);
      const kept = events.slice(0, cut % (said.length + 1));
      tokens.read(encoder.encode(kept.map((event) => `${event}\n\n`).join("")));
      tokens.end();
      expect(tokens.isComplete).toBe(false);
      const units = { inputTokens: 90, outputTokens: kept.length };
      expect(tokens.call()).toMatchObject({ units, isEstimated: true });
    }),
  );
});

test("a model's thoughts are not shown, but are counted", () => {
  const tokens = reader();
  const event = (delta: object) => encoder.encode(`data: ${JSON.stringify({ choices: [{ delta }] })}\n\n`);
  expect(tokens.read(event({ reasoning_content: "hm" }))).toEqual([]);
  expect(tokens.read(event({ content: "Two." }))).toEqual(["Two."]);
  expect(tokens.call().units).toMatchObject({ outputTokens: 2 });
});
