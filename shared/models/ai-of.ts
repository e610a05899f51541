import { type Connections, createConnections } from "../connections.ts";
import { gatewayOf } from "./gateway.ts";
import type { Ai, AiBinding } from "./run-model.ts";

/** Return the way to models. Create it once for each invocation. Locally `AI` is a Worker of the same shape. */
export function aiOf(env: Env, connections: Connections = createConnections()): Ai {
  return { binding: env.AI as AiBinding, gateway: gatewayOf(env), connections };
}
