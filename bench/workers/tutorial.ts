// The consumer of a typical tutorial: one message after another, each step waiting for the one before, without leases, attempts
// or states. It is correct as long as nothing fails.

export interface TutorialEnv {
  readonly MEDIA: R2Bucket;
  readonly DB: D1Database;
  readonly IMAGES: Queue<TutorialMessage>;
  readonly AI: { run(model: string, inputs: unknown, options: unknown): Promise<Response> };
}

export interface TutorialMessage {
  readonly key: string;
}

export default {
  async queue(batch, env) {
    for (const message of batch.messages) {
      const object = await env.MEDIA.get(message.body.key);
      if (object !== null) {
        const image = Array.from(new Uint8Array(await object.arrayBuffer()));
        // The raw response, as our consumer requests it, so that the stand-in does the same work for both.
        const answer = await env.AI.run("@cf/microsoft/resnet-50", { image }, { returnRawResponse: true });
        const labels: unknown = await answer.json();
        const resultKey = `results/${message.id}.json`;
        await env.MEDIA.put(resultKey, JSON.stringify(labels), { httpMetadata: { contentType: "application/json" } });
        await env.DB.prepare(
          "INSERT INTO results (id, source_key, result_key, labels, created_at) VALUES (?, ?, ?, ?, ?)",
        )
          .bind(message.id, message.body.key, resultKey, JSON.stringify(labels), Date.now())
          .run();
      }
      message.ack();
    }
  },
} satisfies ExportedHandler<TutorialEnv, TutorialMessage>;
