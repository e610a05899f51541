import { createServer } from "node:net";

import { type Runtime, startRuntime } from "../../local/runtime.ts";

/** Start the runtime on any free port. @throws if it does not start. */
export async function startSomewhere(options: Omit<Parameters<typeof startRuntime>[0], "port">): Promise<Runtime> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await startRuntime({ ...options, port: await freePort() });
    } catch (error) {
      // Another process may take the port between the search for a free one and the start.
      if (tries === 3 || !String(error).includes("Address already in use")) throw error;
    }
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
