// The least that streams an answer: the binding's own, handed on.
import type { AiBinding } from "../../shared/models/run-model.ts";

export default {
  async fetch(request, env) {
    const { signal } = new AbortController();
    const inputs = { messages: await request.json(), max_tokens: 512, stream: true };
    return env.AI.run("@cf/ibm-granite/granite-4.0-h-micro", inputs, { returnRawResponse: true, signal });
  },
} satisfies ExportedHandler<{ readonly AI: AiBinding }>;
