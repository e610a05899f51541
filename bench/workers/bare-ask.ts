// The smallest Worker that streams an answer: it forwards the binding's own.
import type { AiBinding } from "../../shared/models/run-model.ts";

export default {
  async fetch(request, env) {
    const { signal } = new AbortController();
    const inputs = { messages: await request.json(), max_tokens: 512, stream: true };
    return env.AI.run("@cf/ibm-granite/granite-4.0-h-micro", inputs, { returnRawResponse: true, signal });
  },
} satisfies ExportedHandler<{ readonly AI: AiBinding }>;
