import consumer from "./consumer/index.ts";
import producer from "./producer/index.ts";

export default { ...producer, ...consumer } satisfies ExportedHandler<Env>;
