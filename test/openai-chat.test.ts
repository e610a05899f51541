// OpenAI's own SDK, unmodified: chat completions and responses.
import type OpenAI from "openai";
import { APIError, BadRequestError, NotFoundError } from "openai";
import { beforeEach, expect, test } from "vitest";

import { openAi } from "./dialects.ts";
import { KEYS, OWN_SECRETS, startDarkroom, until } from "./harness.ts";

const darkroom = startDarkroom(OWN_SECRETS);
let client: OpenAI;
beforeEach(() => {
  client = openAi(darkroom);
});

const GRANITE = "@cf/ibm-granite/granite-4.0-h-micro";
const LLAMA = "@cf/meta/llama-3.2-3b-instruct";

const user = (content: string) => ({ role: "user" as const, content });

async function errorOf(call: PromiseLike<unknown>): Promise<APIError> {
  const error: unknown = await Promise.resolve(call).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof APIError) return error;
  throw new Error(`expected an APIError, got ${String(error)}`);
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of stream) found.push(one);
  return found;
}

/** Post JSON to the dialect as it is, and return the text of the answer. */
async function send(path: string, body: object): Promise<{ response: Response; text: string }> {
  const response = await fetch(`${darkroom.origin()}/openai/v1${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEYS.operator}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { response, text: await response.text() };
}

async function usage() {
  const { results } = await darkroom
    .bindings()
    .DB.prepare(
      "SELECT model, calls, neurons, estimated_neurons AS estimated FROM usage_days WHERE kind = 'generate' AND owner_id = 'operator'",
    )
    .all<{ model: string; calls: number; neurons: number; estimated: number }>();
  return results;
}

/** The last request to a model whose last message is this text. */
async function inputsOf(content: string): Promise<Record<string, unknown>> {
  const { requests } = await darkroom.modelCalls();
  const found = requests.findLast(({ inputs }) => JSON.stringify(inputs).includes(JSON.stringify(content)));
  return found?.inputs as Record<string, unknown>;
}

test("a completion has OpenAI's whole shape, and is accounted for", async () => {
  const { data, response } = await client.chat.completions
    .create({
      model: "gpt-4o-mini",
      messages: [
        { role: "system", content: "Be short." },
        {
          role: "developer",
          content: [
            { type: "text", text: "Be" },
            { type: "text", text: "kind." },
          ],
        },
        user("Hello."),
        { role: "assistant", content: "Hello!" },
        user("How are you?"),
      ],
      temperature: 0.2,
      top_p: 0.5,
      seed: -1,
      frequency_penalty: -0.5,
      user: "user-1",
      store: true,
      invented: 1,
    } as OpenAI.ChatCompletionCreateParamsNonStreaming)
    .withResponse();
  expect(data).toEqual({
    id: expect.stringMatching(/^chatcmpl-[0-9a-f]{32}$/),
    object: "chat.completion",
    created: expect.closeTo(Date.now() / 1000, -2),
    model: GRANITE,
    service_tier: "default",
    system_fingerprint: "workers-ai",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "From  to .", refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: expect.objectContaining({ completion_tokens: 5, prompt_tokens: 1, total_tokens: 6 }),
  });
  expect(response.headers.get("x-darkroom-ignored")).toBe("user, store, invented");
  expect(await inputsOf("How are you?")).toEqual({
    messages: [
      { role: "system", content: "Be short." },
      { role: "system", content: "Be\n\nkind." },
      user("Hello."),
      { role: "assistant", content: "Hello!" },
      user("How are you?"),
    ],
    max_tokens: 2048,
    temperature: 0.2,
    top_p: 0.5,
    seed: 9_999_999_999,
    frequency_penalty: -0.5,
  });
  expect(await until(usage, (rows) => rows.length > 0)).toEqual([
    { model: GRANITE, calls: 1, neurons: 1.5, estimated: 0 },
  ]);
});

test("a streamed completion: the role, the tokens, the end and, if asked for, the usage", async () => {
  const messages = [user("a stream")];
  const chunks = await collect(
    await client.chat.completions.create({
      model: "fast",
      messages,
      max_completion_tokens: 3,
      stream: true,
      stream_options: { include_usage: true },
    }),
  );
  expect(new Set(chunks.map(({ id, object, model }) => `${id} ${object} ${model}`)).size).toBe(1);
  expect(chunks.map(({ choices }) => [choices[0]?.delta, choices[0]?.finish_reason])).toEqual([
    [{ role: "assistant", content: "", refusal: null }, null],
    [{ content: "token0 " }, null],
    [{ content: "token1 " }, null],
    [{ content: "token2 " }, null],
    [{}, "length"],
    [undefined, undefined],
  ]);
  expect(chunks.map((chunk) => chunk.usage === null)).toEqual([true, true, true, true, true, false]);
  expect(chunks.at(-1)).toMatchObject({
    system_fingerprint: "scripted",
    usage: { prompt_tokens: 100, completion_tokens: 3, total_tokens: 103 },
  });
  const plain = await send("/chat/completions", { model: "fast", messages, stream: true });
  expect(plain.response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(plain.text).toMatch(/"finish_reason":"stop"\}\],"system_fingerprint":"scripted"\}\n\ndata: \[DONE\]\n\n$/);
  expect(plain.text).not.toContain("usage");
});

test("a model that breaks off ends the stream with OpenAI's error, and without [DONE]", async () => {
  const messages = [user("tokens:5x50 break:2")];
  const { text } = await send("/chat/completions", { model: "fast", messages, stream: true });
  const events = text.trim().split("\n\n");
  expect(JSON.parse(events.at(-1)!.replace("data: ", ""))).toEqual({
    error: {
      message: expect.stringMatching(/broke off/),
      type: "server_error",
      param: null,
      code: "model_unavailable",
    },
  });
  expect(text).not.toContain("[DONE]");
  const stream = await client.chat.completions.create({ model: "fast", messages, stream: true });
  expect(await errorOf(collect(stream))).toMatchObject({ code: "model_unavailable" });
  const answer = await client.responses.create({ model: "fast", input: "tokens:5x50 break:2", stream: true });
  expect((await collect(answer)).at(-1)).toMatchObject({
    type: "response.failed",
    response: {
      status: "failed",
      error: { code: "server_error" },
      output: [{ content: [{ text: "token0 token1 " }] }],
    },
  });
});

test("a stop sequence ends the answer before it, and stops the model", async () => {
  const ask = { model: "fast", messages: [user("tokens:200x50 stopping")] };
  const stream = await client.chat.completions.create({ ...ask, stop: ["2 tok", "never"], stream: true });
  const chunks = await collect(stream);
  expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("token0 token1 token");
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  const { stopped, tokensMade } = await until(
    () => darkroom.modelCalls(),
    (calls) => calls.stopped["tokens:200x50 stopping"] !== undefined,
  );
  expect(stopped["tokens:200x50 stopping"]).toBeGreaterThan(0);
  expect(tokensMade["tokens:200x50 stopping"]).toBeLessThan(20);
  const [row] = await until(usage, (rows) => rows.length > 0);
  expect(row).toMatchObject({ calls: 1, estimated: row!.neurons });
  const whole = await client.chat.completions.create({ model: "fast", messages: [user("whole")], stop: " to" });
  expect(whole.choices[0]).toMatchObject({ message: { content: "From " }, finish_reason: "stop" });
});

test("a client that disconnects stops the model, and pays for what was sent", async () => {
  const script = "tokens:200x100 leaving";
  const stream = await client.chat.completions.create({ model: "fast", messages: [user(script)], stream: true });
  for await (const { choices } of stream) if (choices[0]?.delta.content === "token1 ") break;
  await until(
    () => darkroom.modelCalls(),
    ({ stopped }) => stopped[script] !== undefined,
    10_000,
  );
  const [row] = await until(usage, (rows) => rows.length > 0);
  expect(row).toMatchObject({ calls: 1, estimated: row!.neurons });
});

test("an answer that is paid for and cannot be used is not asked for again by the SDK", async () => {
  const retry = async (call: PromiseLike<unknown>) => (await errorOf(call)).headers?.get("x-should-retry");
  const chat = (content: string, more: object = {}) =>
    client.chat.completions.create({ model: "fast", messages: [user(content)], ...more });
  expect(await retry(chat("garbage whole"))).toBe("false");
  expect(await retry(chat("garbage stream", { stream: true }))).toBe("false");
  expect(await retry(client.responses.create({ model: "fast", input: "garbage response" }))).toBe("false");
  expect(await retry(client.embeddings.create({ model: "bge-m3", input: "garbage vector" }))).toBe("false");
  const { calls } = await darkroom.modelCalls();
  for (const script of ["garbage whole", "garbage stream", "garbage response", "garbage vector"]) {
    expect([script, calls[script]]).toEqual([script, 1]);
  }
  // A model without capacity has cost nothing.
  expect(
    await retry(client.embeddings.create({ model: "bge-m3", input: "error:3040 vector" }, { maxRetries: 0 })),
  ).toBe(null);
});

test("a conversation without any text is refused, and no model is asked", async () => {
  const chat = (content: unknown) =>
    client.chat.completions.create({ model: "fast", messages: [{ role: "user", content } as never] });
  const respond = (input: unknown) => client.responses.create({ model: "fast", input: input as never });
  const before = (await darkroom.modelCalls()).requests.length;
  for (const [call, param] of [
    [() => chat(" \n"), "messages"],
    [() => chat([]), "messages"],
    [() => respond([{ type: "reasoning", summary: [], id: "rs_1" }]), "input"],
    [() => respond([{ role: "user", content: "" }]), "input"],
  ] as const) {
    const error = await errorOf(call());
    expect([error.status, error.param, error.message]).toEqual([400, param, expect.stringContaining("no message has")]);
  }
  expect((await darkroom.modelCalls()).requests).toHaveLength(before);
});

test("a parameter that cannot be fulfilled is refused with its own name and value", async () => {
  const chat = (more: object) =>
    errorOf(client.chat.completions.create({ model: "fast", messages: [user("refused")], ...more } as never));
  for (const [more, param, message] of [
    [{ n: 2 }, "n", /'n' is '2'/],
    [{ logprobs: true }, "logprobs", /'true'/],
    [{ tools: [{ type: "function", function: { name: "f" } }] }, "tools", /tools are not supported/],
    [{ tool_choice: "required" }, "tool_choice", /'required'/],
    [{ functions: [{ name: "f" }] }, "functions", /functions are not supported/],
    [{ modalities: ["text", "audio"] }, "modalities", /text only/],
    [{ logit_bias: { 50: -100 } }, "logit_bias", /token biases/],
    [{ web_search_options: {} }, "web_search_options", /search the web/],
    [{ temperature: 3 }, "temperature", /<=2/],
    [{ stop: ["a", "b", "c", "d", "e"] }, "stop", /<=4/],
    [{ response_format: { type: "grammar" } }, "response_format.type", /'grammar' is not supported/],
    [{ messages: [] }, "messages", /1/],
    [{ messages: [{ role: "tool", content: "x", tool_call_id: "1" }] }, "messages.0.role", /'tool' is not supported/],
    [
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:," } }] }] },
      "messages.0.content.0.type",
      /'image_url' is not supported/,
    ],
    [{ messages: [{ role: "system", content: "x".repeat(20_001) }] }, "messages", /20001 characters/],
    [{ model: "accurate", presence_penalty: -1 }, "presence_penalty", /takes 0 to 2/],
  ] as const) {
    const refused = await chat(more);
    expect(refused).toBeInstanceOf(BadRequestError);
    expect(refused).toMatchObject({ type: "invalid_request_error", param });
    expect(refused.message).toMatch(message);
  }
  expect(await chat({ model: "gpt-9" })).toBeInstanceOf(NotFoundError);
  expect(await chat({ model: "whisper-1" })).toMatchObject({ code: "model_not_found", param: "model" });

  const respond = (more: object) => errorOf(client.responses.create({ model: "fast", input: "refused", ...more }));
  for (const [more, param] of [
    [{ input: undefined }, "input"],
    [{ background: true }, "background"],
    [{ previous_response_id: "resp_1" }, "previous_response_id"],
    [{ conversation: "conv_1" }, "conversation"],
    [{ tools: [{ type: "web_search" }] }, "tools"],
    [{ input: [{ type: "item_reference", id: "msg_1" }] }, "input.0.type"],
    [{ input: [{ role: "user", content: [{ type: "input_image", image_url: "data:," }] }] }, "input.0.content.0.type"],
    [{ truncation: "disabled", input: [user("x".repeat(199_000)), user("x".repeat(199_000))] }, "input"],
  ] as const) {
    expect(await respond(more)).toMatchObject({ status: 400, type: "invalid_request_error", param });
  }
  expect((await darkroom.modelCalls()).calls["refused"]).toBeUndefined();
});

test("an id of the platform has no stand-ins; a tier and an alias have some", async () => {
  const ask = (model: string) => client.chat.completions.create({ model, messages: [user("gone:granite hello")] });
  expect((await ask("fast")).model).toBe(LLAMA);
  expect((await ask("gpt-4o-mini")).model).toBe(LLAMA);
  expect(
    await errorOf(
      openAi(darkroom).chat.completions.create(
        { model: GRANITE, messages: [user("gone:granite alone")] },
        { maxRetries: 0 },
      ),
    ),
  ).toMatchObject({
    status: 503,
    code: "model_unavailable",
  });
});

test("a conversation that is too long is cut, and the header says so", async () => {
  const messages = [
    { role: "system" as const, content: "rules" },
    ...Array.from({ length: 6 }, (_, index) => user(`${index}${"x".repeat(70_000)}`)),
    user("last"),
  ];
  const { response } = await client.chat.completions
    .create({ model: "fast", messages, max_tokens: 9000 })
    .withResponse();
  expect(response.headers.get("x-darkroom-notice")).toMatch(
    /^'max_tokens' is 9000, .* 4096 tokens here\. .*Left out: the \d oldest messages\.$/,
  );
});

test("an owner whose budget is used up gets OpenAI's error for it", async () => {
  await darkroom.api("/v1/budgets/operator/day", { method: "PUT", body: JSON.stringify({ neurons: 0.001 }) });
  const once = { maxRetries: 0 };
  const ask = { model: "fast", messages: [user("dear")] };
  for (const call of [
    () => client.chat.completions.create(ask, once),
    () => client.chat.completions.create({ ...ask, stream: true }, once),
    () => client.responses.create({ model: "fast", input: "dear" }, once),
  ]) {
    expect(await errorOf(call())).toMatchObject({
      status: 429,
      type: "rate_limit_error",
      code: "rate_limit_exceeded",
    });
  }
  expect((await darkroom.modelCalls()).calls["dear"]).toBeUndefined();
});

test("a response has its text, its usage and the request's options", async () => {
  const { data, response } = await client.responses
    .create({
      model: "gpt-4o-mini",
      instructions: "Be short.",
      input: [
        user("Hello."),
        {
          type: "message",
          id: "msg_1",
          role: "assistant",
          status: "completed",
          content: [{ type: "output_text", text: "Hello!", annotations: [] }],
        },
        { role: "user", content: [{ type: "input_text", text: "How?" }] },
      ],
      metadata: { order: "7" },
      reasoning: { effort: "low" },
      max_output_tokens: 50,
    })
    .withResponse();
  expect(data).toMatchObject({
    id: expect.stringMatching(/^resp_/),
    object: "response",
    status: "completed",
    model: GRANITE,
    output: [
      {
        type: "message",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "From  to ." }],
      },
    ],
    output_text: "From  to .",
    usage: { input_tokens: 1, output_tokens: 5, total_tokens: 6 },
    instructions: "Be short.",
    metadata: { order: "7" },
    max_output_tokens: 50,
    store: false,
    error: null,
    incomplete_details: null,
  });
  expect(response.headers.get("x-darkroom-ignored")).toBe("metadata, reasoning");
  expect((await inputsOf("How?"))["messages"]).toEqual([
    { role: "system", content: "Be short." },
    user("Hello."),
    { role: "assistant", content: "Hello!" },
    user("How?"),
  ]);
  const cut = await client.responses.create({ model: "fast", input: "cut", max_output_tokens: 5 });
  expect(cut).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } });
});

test("a streamed response is the documented sequence of events, numbered", async () => {
  const events = await collect(await client.responses.create({ input: "a stream", stream: true }));
  expect(events.map(({ type }) => type)).toEqual([
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
  ]);
  expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
  // The SDK's own reader puts the response together from the events.
  const final = await client.responses.stream({ model: "fast", input: "a stream" }).finalResponse();
  expect(final).toMatchObject({
    status: "completed",
    output_text: "token0 token1 token2 ",
    usage: { input_tokens: 100, output_tokens: 3, total_tokens: 103 },
  });
  const runner = client.chat.completions.stream({ model: "fast", messages: [user("a stream")] });
  expect(await runner.finalContent()).toBe("token0 token1 token2 ");
});

const SCHEMA = {
  type: "object",
  properties: { city: { type: "string" }, people: { type: "integer" } },
  required: ["city", "people"],
  additionalProperties: false,
};
const chatFormat = { type: "json_schema", json_schema: { name: "city", schema: SCHEMA, strict: true } } as const;
const textFormat = { format: { type: "json_schema", name: "city", schema: SCHEMA, strict: true } } as const;
/** A prompt that the scripted model answers with these texts, one for each time that it is asked. */
const says = (...answers: string[]) => `<<${JSON.stringify(answers)}>>`;
const CITY = '{"city":"Bergen","people":291000}';

test("JSON is repaired, checked against the schema, and asked for once more", async () => {
  const ask = async (
    prompt: string,
    response_format: NonNullable<OpenAI.ChatCompletionCreateParams["response_format"]>,
  ) => client.chat.completions.create({ model: "fast", messages: [user(prompt)], response_format });
  const fenced = await ask(says("Here:\n```json\n{city: 'Bergen', people: 291000,}\n```"), chatFormat);
  expect(fenced.choices[0]).toMatchObject({ message: { content: CITY }, finish_reason: "stop" });
  expect(fenced.usage).toMatchObject({ prompt_tokens: 20, completion_tokens: 7 });
  const again = await ask(says('{"city":"Bergen"}', CITY), chatFormat);
  expect(again.choices[0]!.message.content).toBe(CITY);
  expect(again.usage).toMatchObject({ prompt_tokens: 40, completion_tokens: 14 });
  const [row] = await until(usage, (rows) => rows[0]?.calls === 3);
  expect(row).toMatchObject({ calls: 3, neurons: 4.5 });
  const any = await ask(says('Sure: {"a": [1]}'), { type: "json_object" });
  expect(any.choices[0]!.message.content).toBe('{"a":[1]}');
  const answer = await client.responses.parse({ model: "fast", input: says(CITY), text: textFormat });
  expect(answer.output_parsed).toEqual({ city: "Bergen", people: 291_000 });
  expect(answer.text).toEqual(textFormat);

  const unfit = await errorOf(ask(says("never"), chatFormat));
  expect(unfit).toMatchObject({ status: 422, code: "model_refused" });
  expect(unfit.message).toMatch(/asked twice for JSON.*not JSON/);
  const wrong = {
    type: "json_schema",
    json_schema: { name: "x", schema: { type: "object", properties: { a: { type: "text" } } } },
  };
  expect(await errorOf(ask("x", wrong as never))).toMatchObject({
    status: 400,
    param: "response_format.json_schema.schema.properties.a.type",
  });
});

test("streamed JSON comes in one piece when it fits; until then the client gets comments", async () => {
  const ask = { model: "fast", response_format: chatFormat, stream: true } as const;
  const late = { model: "fast", input: `then-sleep:2700 ${says("never")}`, text: textFormat, stream: true } as const;
  const [{ text }, failed] = await Promise.all([
    send("/chat/completions", { ...ask, messages: [user(`then-sleep:2700 ${says("{}", CITY)}`)] }),
    client.responses.create(late).then(collect),
  ]);
  expect(text).toMatch(/^: thinking\n\n/);
  const stream = client.chat.completions.stream({ ...ask, messages: [user(says(CITY))] });
  expect(await stream.finalContent()).toBe(CITY);
  const response = client.responses.stream({ model: "fast", input: says(CITY), text: textFormat });
  expect(await response.finalResponse()).toMatchObject({ output_text: CITY, status: "completed" });

  // A failure within two seconds has its own status; a later one is an event.
  const early = await send("/chat/completions", { ...ask, messages: [user(says("never"))] });
  expect(early.response.status).toBe(422);
  expect([failed[0]?.type, failed.at(-1)?.type]).toEqual(["response.created", "response.failed"]);
});

/** What openai-node's own tests send (tests/api-resources/chat/completions, at 7.5.0), besides the message and the model. */
const EVERY_PARAMETER = {
  audio: { format: "wav", voice: "alloy" },
  frequency_penalty: -2,
  function_call: "none",
  functions: [{ name: "name", description: "description", parameters: { foo: "bar" } }],
  logit_bias: { foo: 0 },
  logprobs: true,
  max_completion_tokens: 0,
  max_tokens: 0,
  metadata: { foo: "string" },
  modalities: ["text"],
  moderation: { model: "model", policy: { input: { mode: "score" }, output: { mode: "score" } } },
  n: 1,
  parallel_tool_calls: true,
  prediction: { content: "string", type: "content" },
  presence_penalty: -2,
  prompt_cache_key: "prompt-cache-key-1234",
  prompt_cache_options: { mode: "implicit", ttl: "30m" },
  prompt_cache_retention: "in_memory",
  reasoning_effort: "none",
  response_format: { type: "text" },
  safety_identifier: "safety-identifier-1234",
  seed: -9_007_199_254_740_991,
  service_tier: "auto",
  stop: "\n",
  store: true,
  stream: false,
  stream_options: { include_obfuscation: true, include_usage: true },
  temperature: 1,
  tool_choice: "none",
  tools: [
    {
      function: { name: "name", description: "description", parameters: { foo: "bar" }, strict: true },
      type: "function",
    },
  ],
  top_logprobs: 0,
  top_p: 1,
  user: "user-1234",
  verbosity: "low",
  web_search_options: { search_context_size: "low" },
} as const;

test("a lenient Darkroom accepts everything that OpenAI's own tests send, and names the parameters without effect", async () => {
  await darkroom.configure({ OPENAI_LENIENT: "true", OPENAI_MODELS: JSON.stringify({ "gpt-5.4": GRANITE }) });
  const messages = [{ content: "string", role: "developer", name: "name" }];
  const ask = {
    messages,
    model: "gpt-5.4",
    ...EVERY_PARAMETER,
  } as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming;
  const { data, response } = await client.chat.completions.create(ask).withResponse();
  expect(data.choices[0]).toMatchObject({ logprobs: null, finish_reason: "stop" });
  const ignored = response.headers.get("x-darkroom-ignored")?.split(", ").toSorted();
  // What the models take is sent to them; the defaults need no help.
  const met = ["frequency_penalty", "max_completion_tokens", "max_tokens", "n", "presence_penalty", "response_format"];
  const used = new Set([...met, "seed", "stop", "stream", "stream_options", "temperature", "top_p"]);
  const others = Object.keys(EVERY_PARAMETER).filter((name) => !used.has(name));
  expect(ignored).toEqual([...others, "messages.name"].toSorted());
  expect(await inputsOf("string")).toEqual({
    messages: [user("string")],
    max_tokens: 2048,
    temperature: 1,
    seed: expect.any(Number),
    frequency_penalty: -2,
    presence_penalty: -2,
  });
  const empty = await client.responses.create({}).withResponse();
  expect(empty.data).toMatchObject({ status: "completed", output: [], output_text: "", usage: { total_tokens: 0 } });
  expect(empty.response.headers.get("x-darkroom-ignored")).toBe("input");
});
