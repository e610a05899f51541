// The product without its gate before the platform's six connections: what the gate costs where nothing limits them.
import { createConsumer } from "../../consumer/index.ts";
import { isolateMemory } from "../../consumer/memory-limit.ts";
import producer from "../../producer/index.ts";

const ungated = () => ({ open: <T>(_: string, connect: () => Promise<T>) => connect() });

export default { ...producer, ...createConsumer(isolateMemory(), ungated) } satisfies ExportedHandler<Env>;
