// The chat models' offline engine over HTTP: its answers, its streams and its cost.
import { afterAll, beforeAll, expect, test } from "vitest";

import { type InferenceServer, startInferenceServer } from "../../local/inference-server.ts";
import { readChat } from "../../shared/models/chat-answer.ts";
import { answerTo, summaryOf } from "../../shared/models/prompts.ts";
import { readEvents, readLedger } from "./model-events.ts";

const LLAMA = "@cf/meta/llama-3.2-1b-instruct";

/** A transcript as from PocketSphinx, without capitals and punctuation. */
const TALK = `[00:00] good morning and welcome to the harbour committee
[00:04] today we talk about the budget for the new lighthouse
[00:09] the lighthouse will cost forty thousand euros
[00:15] most of the budget goes into the lamp of the lighthouse
[00:21] the weather has been bad so the boats stayed in the harbour
[00:27] mister jones will paint the boats in spring
[00:33] we need three volunteers to carry the lamp up the stairs
[00:40] coffee is served in the hall afterwards
[00:45] we see each other again on the ninth of march
[00:50] the keys are with the neighbour of the town hall
[00:56] somebody has left an umbrella on the second chair
[01:01] the choir sings on friday evening
[01:07] children under twelve pay nothing
[01:12] the ferry leaves from the other pier this month
[01:18] fishermen may not cross the bridge with their nets
[01:24] our treasurer is on holiday until monday
[01:30] the library has bought a telescope
[01:36] dogs must be kept on a lead
[01:41] the baker closes an hour earlier in winter
[01:47] thank you and goodbye`;

interface Chat {
  readonly response: string;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number };
}

let server: InferenceServer;

beforeAll(async () => {
  server = await startInferenceServer({ port: 0 });
});
afterAll(() => server.close());

async function post(model: string, inputs: object, signal?: AbortSignal): Promise<Response> {
  const body = JSON.stringify(inputs);
  return fetch(`${server.url}/run/${model}`, { method: "POST", body, ...(signal && { signal }) });
}

async function chat(request: string, inputs: object = {}): Promise<Chat> {
  const messages = [
    { role: "system", content: "You answer from a transcript." },
    { role: "user", content: `${TALK}\n\n${request}` },
  ];
  return (await post(LLAMA, { messages, ...inputs })).json<Chat>();
}

test.each([
  ["What will the lighthouse cost?", "[00:09] the lighthouse will cost forty thousand euros"],
  ["Who is painting the boat?", "[00:27] mister jones will paint the boats in spring"],
  ["Where did the library get its telescopes?", "[01:30] the library has bought a telescope"],
])("'%s' is answered with the one matching line of twenty, and its time", async (question, answer) => {
  expect((await chat(question)).response).toBe(answer);
});

test("an answer is at most three lines, in the order in which they were said", async () => {
  const lines = (await chat("What about the lighthouse and the harbour?")).response.split("\n");
  expect(lines.length).toBeLessThanOrEqual(3);
  expect(lines.length).toBeGreaterThan(1);
  const places = lines.map((line) => TALK.split("\n").indexOf(line));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places).not.toContain(-1);
});

test("a question that the text does not answer gets no answer", async () => {
  expect((await chat("Which submarine exploded in Antarctica?")).response).toMatch(/does not say/);
  const alone = await post(LLAMA, { prompt: "Which submarine exploded?" });
  expect((await alone.json<Chat>()).response).toMatch(/offline engine/);
});

test("a summary keeps the order of the text, as prose without time stamps, and says no sentence twice", async () => {
  const { response } = await chat("Summarise the transcript in four sentences.");
  const sentences = response.split(/(?<=\.) /);
  expect(sentences).toHaveLength(4);
  const places = sentences.map((sentence) => {
    const said = sentence.charAt(0).toLowerCase() + sentence.slice(1, -1);
    return TALK.split("\n").findIndex((line) => line.endsWith(`] ${said}`));
  });
  expect(places).not.toContain(-1);
  expect(places).toEqual([...new Set(places)].toSorted((a, b) => a - b));
});

test("a text with sentence marks is answered sentence by sentence", async () => {
  const story = 'The door was open. "Who is there?" asked Mr. Brown. A grey cat sat on the 3.5 m wide stairs.';
  const answer = await post(LLAMA, { prompt: `${story}\n\nWhere does the cat sit?` });
  expect((await answer.json<Chat>()).response).toBe("A grey cat sat on the 3.5 m wide stairs.");
});

test("a question that was answered before is not an answer to the next one", async () => {
  const messages = [
    { role: "user", content: `${TALK}\n\nWhat does the lighthouse cost?` },
    { role: "assistant", content: "Forty thousand euros." },
    { role: "user", content: "What does the lighthouse cost?" },
  ];
  const { response } = await (await post(LLAMA, { messages })).json<Chat>();
  expect(response).toBe("[00:09] the lighthouse will cost forty thousand euros");
});

test("a recording without any mark is not one sentence of thousands of words", async () => {
  const words = Array.from({ length: 400 }, (_, index) => `word${index}`).join(" ");
  const { response } = await (await post(LLAMA, { prompt: `${words}\n\nWhere is word 77, word77?` })).json<Chat>();
  expect(response).toContain("word77");
  expect(response.split(" ").length).toBeLessThanOrEqual(40);
});

test("an answer has no more tokens than requested, and each is paid for", async () => {
  const answer = await chat("Who is painting the boat?", { max_tokens: 5 });
  expect(answer.response).toBe("[00:27] mister jones");
  expect(answer.usage.completion_tokens).toBe(5);
  expect(answer.usage.total_tokens).toBe(answer.usage.prompt_tokens + 5);
});

test.each([
  ["@cf/ibm-granite/granite-4.0-h-micro", 1542, 10_158],
  [LLAMA, 2457, 18_252],
  ["@cf/meta/llama-3.2-3b-instruct", 4625, 30_475],
  ["@cf/meta/llama-3.1-8b-instruct-fp8-fast", 4119, 34_868],
])("%s charges its rate for each token in and out", async (model, input, output) => {
  const answer = await post(model, { prompt: "red green blue.\n\nGreen?" });
  expect(answer.headers.get("x-darkroom-engine")).toBe(server.engines.text);
  const value = await answer.json<Chat>();
  expect({ response: readChat({ value, call: { model } }), usage: value.usage }).toEqual({
    response: "Red green blue.",
    usage: { prompt_tokens: 7, completion_tokens: 4, total_tokens: 11 },
  });
  expect(answer.headers.get("cf-ai-neurons")).toBe(((7 * input + 4 * output) / 1_000_000).toFixed(4));
});

test("a stream says the same, one token an event, each as soon as it is there", async () => {
  const { response, usage } = await chat("Summarise the transcript.");
  const streamed = await post(LLAMA, { prompt: `${TALK}\n\nSummarise the transcript.`, stream: true });
  expect(streamed.headers.get("content-type")).toBe("text/event-stream");
  expect(streamed.headers.get("cf-ai-neurons")).toBeNull();
  const { events, arrivedMs } = await readEvents(streamed.body!);
  const tokens = events.slice(0, -2);
  expect(tokens.map(({ response: token }) => token).join("")).toBe(response);
  expect(tokens).toHaveLength(usage.completion_tokens);
  expect(events.at(-2)).toEqual({
    response: "",
    usage: {
      prompt_tokens: expect.any(Number),
      completion_tokens: tokens.length,
      total_tokens: expect.any(Number),
      neurons: expect.any(Number),
    },
  });
  expect(events.at(-1)).toBe("[DONE]");
  expect(arrivedMs.at(-1)! - arrivedMs[0]!).toBeGreaterThan(tokens.length * 5);
});

test("a client that disconnects stops the stream, and is charged for what was sent", async () => {
  const before = await readLedger(server.url);
  const question = { prompt: `${TALK}\n\nSummarise the transcript.`, stream: true };
  const whole = (await readEvents((await post(LLAMA, question)).body!)).events.at(-2);
  const between = await readLedger(server.url);
  expect(between.neurons - before.neurons).toBeCloseTo(whole!.usage!.neurons, 4);
  const client = new AbortController();
  const reader = (await post(LLAMA, question, client.signal)).body!.getReader();
  await reader.read();
  client.abort();
  await expect.poll(async () => (await readLedger(server.url)).calls).toBe(between.calls + 1);
  const charged = (await readLedger(server.url)).neurons - between.neurons;
  expect(charged).toBeGreaterThan(0);
  expect(charged).toBeLessThan(whole!.usage!.neurons);
});

test.each([
  ["neither prompt nor messages", {}, 5006, /'prompt' or 'messages'/],
  ["no messages", { messages: [] }, 5006, /\/messages/],
  ["a message without content", { messages: [{ role: "user" }] }, 5006, /content/],
  ["an empty prompt", { prompt: "" }, 5006, /\/prompt/],
  ["no tokens at all", { prompt: "x", max_tokens: 0 }, 5006, /\/max_tokens/],
  ["a stream that is neither", { prompt: "x", stream: "yes" }, 5006, /\/stream/],
])("refuses %s", async (_, inputs, internalCode, description) => {
  const answer = await post(LLAMA, inputs);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ internalCode, description: expect.stringMatching(description) });
});

test("the fences around the material are not part of an answer", async () => {
  const summary = await post(LLAMA, { messages: summaryOf("nine boats leave at dawn\ntwo stay in the harbour") });
  expect((await summary.json<Chat>()).response).toBe("Nine boats leave at dawn. Two stay in the harbour.");
  const answer = await post(LLAMA, { messages: answerTo("What will the lighthouse cost?", TALK) });
  expect((await answer.json<Chat>()).response).toBe("[00:09] the lighthouse will cost forty thousand euros");
});

test("a text without blanks, as base64 is, does not hold the server up for minutes", async () => {
  const prompt = `${"aB3+/".repeat(20_000)}\n\nWhat is it?`;
  const startedAt = performance.now();
  const { usage } = await (await post(LLAMA, { messages: [{ role: "user", content: prompt }] })).json<Chat>();
  expect(usage.prompt_tokens).toBeGreaterThan(1000);
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});
