// Deliveries to a receiver of our own, verified by svix, standardwebhooks and Replicate's client. Also Replicate's newer calls.
import { createServer } from "node:http";

import Replicate, { validateWebhook } from "replicate";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";

import { expect, runCases } from "./report.mjs";
import { recording, WORDS } from "./inputs.mjs";

const [origin, key] = process.argv.slice(2);
const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
const replicate = new Replicate({ auth: key, baseUrl: `${origin}/replicate/v1` });

const received = [];
const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    received.push({ path: request.url, headers: request.headers, body: Buffer.concat(parts).toString() });
    response.writeHead(204).end();
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const receiver = `http://127.0.0.1:${server.address().port}`;

async function delivered(path) {
  const end = Date.now() + 30_000;
  for (;;) {
    const found = received.find((one) => one.path === path);
    if (found !== undefined) return found;
    expect(Date.now() < end, `nothing was delivered to ${path}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function endpoint(path) {
  const body = JSON.stringify({ url: `${receiver}${path}`, events: ["job.completed"] });
  const created = await (await fetch(`${origin}/v1/webhooks`, { method: "POST", headers, body })).json();
  const job = JSON.stringify({ kind: "classification", text: `What a day, ${path}` });
  expect((await fetch(`${origin}/v1/jobs`, { method: "POST", headers, body: job })).ok, "the job was refused");
  return { secret: created.secret, message: await delivered(path) };
}

function refuses(verify) {
  try {
    verify();
  } catch {
    return true;
  }
  return false;
}

const cases = {
  async "svix: verify"() {
    const { secret, message } = await endpoint("/svix");
    const webhook = new SvixWebhook(secret);
    // Its names for the headers, and the standard's.
    const named = Object.fromEntries(
      ["id", "timestamp", "signature"].map((name) => [`svix-${name}`, message.headers[`webhook-${name}`]]),
    );
    webhook.verify(message.body, message.headers);
    webhook.verify(message.body, named);
    expect(
      refuses(() => webhook.verify(`${message.body} `, message.headers)),
      "a forged body was accepted",
    );
  },
  async "standardwebhooks: verify"() {
    const { secret, message } = await endpoint("/standard");
    const webhook = new StandardWebhook(secret);
    webhook.verify(message.body, message.headers);
    expect(
      refuses(() => webhook.verify(`${message.body} `, message.headers)),
      "a forged body was accepted",
    );
  },
  async "replicate: validateWebhook"() {
    const { key: secret } = await replicate.webhooks.default.secret.get();
    const input = { prompt: "a webhook" };
    const model = "black-forest-labs/flux-schnell";
    await replicate.predictions.create({ model, input, webhook: `${receiver}/replicate`, wait: false });
    const { headers: sent, body } = await delivered("/replicate");
    const request = {
      id: sent["webhook-id"],
      timestamp: sent["webhook-timestamp"],
      signature: sent["webhook-signature"],
    };
    expect(await validateWebhook({ ...request, body, secret }), "it was refused");
  },
  async "replicate: flux-schnell with the inputs of its page"() {
    const input = {
      prompt: "a harbour",
      go_fast: true,
      num_outputs: 2,
      aspect_ratio: "16:9",
      output_format: "webp",
      output_quality: 80,
      megapixels: "1",
      num_inference_steps: 4,
      disable_safety_checker: false,
    };
    const output = await replicate.run("black-forest-labs/flux-schnell", { input });
    expect(output.length === 2, output.length);
  },
  async "replicate: flux-dev with the inputs of its page"() {
    const input = {
      prompt: "a harbour",
      go_fast: true,
      guidance: 3,
      num_outputs: 1,
      aspect_ratio: "1:1",
      output_format: "webp",
      output_quality: 80,
      prompt_strength: 0.8,
      num_inference_steps: 28,
      megapixels: "1",
      seed: 7,
    };
    expect((await replicate.run("black-forest-labs/flux-dev", { input })).length === 1, "no picture");
  },
  async "replicate: whisper with the inputs of its page"() {
    const input = {
      audio: recording(),
      language: "auto",
      translate: false,
      temperature: 0,
      transcription: "plain text",
      suppress_tokens: "-1",
      logprob_threshold: -1,
      no_speech_threshold: 0.6,
      condition_on_previous_text: true,
      compression_ratio_threshold: 2.4,
      temperature_increment_on_fallback: 0.2,
    };
    const output = await replicate.run("openai/whisper", { input });
    expect(output.transcription.includes(WORDS), output);
  },
  async "replicate: models.get, latest_version"() {
    const { latest_version: latest } = await replicate.models.get("black-forest-labs", "flux-schnell");
    expect(latest.openapi_schema.components.schemas.Input.properties.prompt, latest);
  },
  async "replicate: models.search"() {
    const { results } = await replicate.models.search("whisper");
    expect(results.length > 0, results);
  },
  async "replicate: accounts.current"() {
    expect((await replicate.accounts.current()).username, "no name");
  },
  async "replicate: files.list"() {
    const { id } = await replicate.files.create(recording());
    const { results } = await replicate.files.list();
    expect(
      results.some((file) => file.id === id),
      results,
    );
  },
  async "replicate: stream"() {
    const events = [];
    const stream = replicate.stream("openai/whisper", { input: { audio: recording() } });
    for await (const { event, data } of stream) events.push(`${event} ${data}`);
    expect(events.some((one) => one.includes(WORDS)) && events.at(-1)?.startsWith("done"), events);
  },
};
await runCases(cases);
