// Three majors of OpenAI's SDK, with their defaults.
import OpenAI5 from "openai5";
import OpenAI6 from "openai6";
import OpenAI7 from "openai7";

import { expect, runCases } from "./report.mjs";
import { recording, SCHEMA, SCHEMA_PROMPT, WORDS } from "./inputs.mjs";

const [origin, key] = process.argv.slice(2);

const cases = {};
for (const [major, OpenAI] of Object.entries({ 5: OpenAI5, 6: OpenAI6, 7: OpenAI7 })) {
  const openai = new OpenAI({ baseURL: `${origin}/openai/v1`, apiKey: key });
  const add = (name, run) => (cases[`openai ${major}: ${name}`] = run);
  const messages = [{ role: "user", content: "Hello" }];

  add("models.list", async () => {
    const ids = [];
    for await (const { id } of openai.models.list()) ids.push(id);
    expect(ids.includes("gpt-4o-mini") && ids.includes("whisper-1"), ids);
  });
  add("models.retrieve", async () => expect((await openai.models.retrieve("dall-e-3")).id === "dall-e-3", "another"));
  for (const model of ["whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"]) {
    add(`audio.transcriptions.create, ${model}`, async () => {
      const { text } = await openai.audio.transcriptions.create({ file: recording(), model });
      expect(text.includes(WORDS), text);
    });
  }
  for (const format of ["text", "srt", "vtt", "verbose_json"]) {
    add(`audio.transcriptions.create, ${format}`, async () => {
      const request = {
        file: recording(),
        model: "whisper-1",
        response_format: format,
        language: "en",
        temperature: 0.2,
      };
      const answer = await openai.audio.transcriptions.create(request);
      expect(JSON.stringify(answer).includes(WORDS), answer);
    });
  }
  add("audio.transcriptions.create, times of words", async () => {
    const { words } = await openai.audio.transcriptions.create({
      file: recording(),
      model: "whisper-1",
      response_format: "verbose_json",
      timestamp_granularities: ["word"],
    });
    expect(words?.length === 4, words);
  });
  add("audio.transcriptions.create, stream", async () => {
    const request = { file: recording(), model: "gpt-4o-transcribe", stream: true };
    let text = "";
    let done = null;
    for await (const event of await openai.audio.transcriptions.create(request)) {
      if (event.type === "transcript.text.delta") text += event.delta;
      if (event.type === "transcript.text.done") done = event.text;
    }
    expect(text.includes(WORDS) && done === text, { text, done });
  });
  add("audio.translations.create", async () => {
    const { text } = await openai.audio.translations.create({ file: recording(), model: "whisper-1" });
    expect(text.includes(WORDS), text);
  });
  add("images.generate, url", async () => {
    const { data } = await openai.images.generate({ prompt: `a harbour ${major}`, model: "dall-e-3" });
    expect((await fetch(data[0].url)).ok, "the picture cannot be read");
  });
  add("images.generate, dall-e-3 with its own options", async () => {
    const options = { size: "1024x1792", quality: "hd", style: "natural", response_format: "b64_json", user: "u1" };
    const { data } = await openai.images.generate({ prompt: `a tower ${major}`, model: "dall-e-3", ...options });
    expect(data[0].b64_json.startsWith("/9j/"), "no JPEG");
  });
  add("images.generate, gpt-image-1", async () => {
    const { data } = await openai.images.generate({ prompt: `a boat ${major}`, model: "gpt-image-1", n: 2 });
    expect(data.length === 2 && data.every(({ b64_json }) => b64_json?.length > 100), "no two pictures");
  });
  add("embeddings.create", async () => {
    const model = "text-embedding-3-small";
    const { data, usage } = await openai.embeddings.create({ model, input: ["one text", "another"] });
    expect(data.length === 2 && data[0].embedding.length > 0 && usage.prompt_tokens > 0, usage);
    const float = await openai.embeddings.create({ model, input: "one text", encoding_format: "float" });
    expect(Math.abs(float.data[0].embedding[0] - data[0].embedding[0]) < 1e-6, "base64 and float differ");
  });
  add("chat.completions.create", async () => {
    const { choices, usage } = await openai.chat.completions.create({ model: "gpt-4o-mini", messages });
    expect(choices[0].message.content && choices[0].finish_reason === "stop" && usage.total_tokens > 0, choices);
  });
  add("chat.completions.create, stream", async () => {
    const request = { model: "gpt-4o-mini", messages, stream: true, stream_options: { include_usage: true } };
    let text = "";
    let usage = null;
    for await (const chunk of await openai.chat.completions.create(request)) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    expect(text !== "" && usage?.total_tokens > 0, { text, usage });
  });
  add("chat.completions.parse, json_schema", async () => {
    const { choices } = await openai.chat.completions.parse({
      model: "gpt-4o-mini",
      messages: [{ role: "user", content: SCHEMA_PROMPT }],
      response_format: { type: "json_schema", json_schema: { name: "city", schema: SCHEMA, strict: true } },
    });
    const { name, people } = JSON.parse(choices[0].message.content);
    expect(typeof name === "string" && Number.isInteger(people), choices[0].message);
  });
  add("chat.completions.stream", async () => {
    const runner = openai.chat.completions.stream({ model: "gpt-4o-mini", messages });
    expect((await runner.finalContent()) !== "", "no content");
  });
  add("responses.create", async () => {
    const { output_text, status, usage } = await openai.responses.create({ model: "gpt-4o-mini", input: "Hello" });
    expect(output_text !== "" && status === "completed" && usage.total_tokens > 0, { output_text, status });
  });
  add("responses.create, stream", async () => {
    let text = "";
    let last = null;
    const request = { model: "gpt-4o-mini", input: "Hello", instructions: "Be short.", stream: true };
    for await (const event of await openai.responses.create(request)) {
      if (event.type === "response.output_text.delta") text += event.delta;
      last = event;
    }
    expect(text !== "" && last?.type === "response.completed", { text, last: last?.type });
    expect(last.response.output[0].content[0].text === text, "another text at the end");
  });
  add("responses.stream", async () => {
    const final = await openai.responses.stream({ model: "gpt-4o-mini", input: "Hello" }).finalResponse();
    expect(final.output_text !== "", "no text");
  });
  add("responses.create, json_schema", async () => {
    const { output_text } = await openai.responses.create({
      model: "gpt-4o-mini",
      input: SCHEMA_PROMPT,
      text: { format: { type: "json_schema", name: "city", schema: SCHEMA, strict: true } },
    });
    expect(typeof JSON.parse(output_text).name === "string", output_text);
  });
  add("a wrong key", async () => {
    const wrong = new OpenAI({ baseURL: `${origin}/openai/v1`, apiKey: "dk_wrong", maxRetries: 0 });
    const error = await wrong.models.list().then(
      () => null,
      (reason) => reason,
    );
    expect(error instanceof OpenAI.AuthenticationError && error.requestID, String(error));
  });
  add("an unknown model", async () => {
    const error = await openai.chat.completions.create({ model: "gpt-99", messages }).then(
      () => null,
      (reason) => reason,
    );
    expect(error instanceof OpenAI.NotFoundError && error.code === "model_not_found", String(error));
  });
}
await runCases(cases);
