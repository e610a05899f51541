// The product without its gate for the platform's six connections, to measure what the gate costs if nothing limits them.
import { createConsumer } from "../../consumer/index.ts";
import { isolateMemory } from "../../consumer/runner/memory-limit.ts";
import { withDefaults } from "../../shared/settings.ts";
import darkroom from "../../worker.ts";

const ungated = () => ({ open: <T>(_: string, connect: () => Promise<T>) => connect() });
const consumer = createConsumer(isolateMemory(), ungated);

export default {
  ...darkroom,
  queue: (batch, env) => consumer.queue(batch, withDefaults(env)),
  scheduled: (controller, env) => consumer.scheduled(controller, withDefaults(env)),
} satisfies ExportedHandler<Env>;
