import consumer from "./consumer/index.ts";
import producer from "./producer/index.ts";
import { withDefaults } from "./shared/settings.ts";

export default {
  fetch: (request, env, context) => producer.fetch(request, withDefaults(env), context),
  queue: (batch, env) => consumer.queue(batch, withDefaults(env)),
  scheduled: (controller, env) => consumer.scheduled(controller, withDefaults(env)),
} satisfies ExportedHandler<Env>;
