// The AI SDK through its provider for OpenAI, and LangChain.
import { createOpenAI } from "@ai-sdk/openai";
import { ChatOpenAI, DallEAPIWrapper, OpenAIEmbeddings } from "@langchain/openai";
import { embed, embedMany, generateImage, generateObject, generateText, streamText, transcribe } from "ai";
import * as z from "zod";

import { expect, runCases } from "./report.mjs";
import { recordingBytes, SCHEMA_PROMPT, WORDS } from "./inputs.mjs";

const [origin, key] = process.argv.slice(2);
const baseURL = `${origin}/openai/v1`;
const openai = createOpenAI({ baseURL, apiKey: key });
const City = z.object({ name: z.string(), people: z.number().int() });

const cases = {};
const add = (name, run) => (cases[name] = run);

for (const [api, model] of Object.entries({
  responses: openai("gpt-4o-mini"),
  chat: openai.chat("gpt-4o-mini"),
})) {
  add(`AI SDK: generateText, ${api}`, async () => {
    const { text, usage, finishReason } = await generateText({ model, system: "Be short.", prompt: "Hello" });
    expect(text !== "" && usage.totalTokens > 0 && finishReason === "stop", { text, usage, finishReason });
  });
  add(`AI SDK: streamText, ${api}`, async () => {
    const result = streamText({ model, prompt: "Hello", onError: () => undefined });
    let text = "";
    for await (const delta of result.textStream) text += delta;
    expect(text !== "" && (await result.finishReason) === "stop", text);
    expect((await result.usage).outputTokens > 0, await result.usage);
  });
  add(`AI SDK: generateObject, ${api}`, async () => {
    const { object } = await generateObject({ model, schema: City, prompt: SCHEMA_PROMPT });
    expect(object.name === "Porto" && object.people === 231_800, object);
  });
}
add("AI SDK: embed and embedMany", async () => {
  const model = openai.embedding("text-embedding-3-small");
  const { embedding, usage } = await embed({ model, value: "one text" });
  expect(embedding.length > 0 && usage.tokens > 0, usage);
  const { embeddings } = await embedMany({ model, values: ["one text", "another"] });
  expect(embeddings.length === 2, embeddings.length);
});
for (const model of ["whisper-1", "gpt-4o-mini-transcribe"]) {
  add(`AI SDK: transcribe, ${model}`, async () => {
    const { text } = await transcribe({ model: openai.transcription(model), audio: recordingBytes() });
    expect(text.includes(WORDS), text);
  });
}
for (const model of ["dall-e-3", "gpt-image-1"]) {
  add(`AI SDK: generateImage, ${model}`, async () => {
    const { image } = await generateImage({
      model: openai.image(model),
      prompt: `a pier, ${model}`,
      size: "1024x1024",
    });
    expect(image.uint8Array[0] === 0xff, "no JPEG");
  });
}

const configuration = { baseURL };
add("LangChain: chat", async () => {
  const chat = new ChatOpenAI({ model: "gpt-4o-mini", apiKey: key, configuration });
  const answer = await chat.invoke([
    ["system", "Be short."],
    ["human", "Hello"],
  ]);
  expect(answer.text !== "" && answer.usage_metadata.total_tokens > 0, answer);
});
add("LangChain: chat, stream", async () => {
  const chat = new ChatOpenAI({ model: "gpt-4o-mini", apiKey: key, configuration });
  let text = "";
  for await (const chunk of await chat.stream("Hello")) text += chunk.text;
  expect(text !== "", "no text");
});
add("LangChain: chat, responses", async () => {
  const chat = new ChatOpenAI({ model: "gpt-4o-mini", apiKey: key, configuration, useResponsesApi: true });
  expect((await chat.invoke("Hello")).text !== "", "no text");
});
add("LangChain: structured output", async () => {
  const chat = new ChatOpenAI({ model: "gpt-4o-mini", apiKey: key, configuration });
  const city = await chat.withStructuredOutput(City, { method: "jsonSchema" }).invoke(SCHEMA_PROMPT);
  expect(city.name === "Porto", city);
});
add("LangChain: embeddings", async () => {
  const embeddings = new OpenAIEmbeddings({ model: "text-embedding-3-small", apiKey: key, configuration });
  expect((await embeddings.embedQuery("one text")).length > 0, "no vector");
  expect((await embeddings.embedDocuments(["one text", "another"])).length === 2, "another count");
});
add("LangChain: image tool", async () => {
  const tool = new DallEAPIWrapper({ model: "dall-e-3", apiKey: key, baseUrl: baseURL, n: 1 });
  const url = await tool.invoke("a harbour at night");
  expect((await fetch(url)).ok, url);
});
await runCases(cases);
