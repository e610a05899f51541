// The product with bindings that enforce the platform's limit of six connections an invocation, `fetch` included.
import { AsyncLocalStorage } from "node:async_hooks";

import darkroom from "../worker.ts";
import { createSixConnections, type SixConnections, underSix } from "./six-connections.ts";

const invocation = new AsyncLocalStorage<SixConnections>();
const { fetch: fetchAnything } = globalThis;
globalThis.fetch = (...args: Parameters<typeof fetch>) => {
  const call = async () => fetchAnything(...args);
  return invocation.getStore()?.run(call) ?? call();
};

export default {
  fetch(request, env, context) {
    const six = createSixConnections();
    return invocation.run(six, async () => darkroom.fetch(request, underSix(env, six), context));
  },
  async queue(batch, env) {
    const six = createSixConnections();
    await invocation.run(six, () => darkroom.queue(batch, underSix(env, six)));
  },
  async scheduled(controller, env) {
    const six = createSixConnections();
    await invocation.run(six, () => darkroom.scheduled(controller, underSix(env, six)));
  },
} satisfies ExportedHandler<Env>;
