// The inference server in a separate process. Some calls to wrangler's harness block this thread until they are answered,
// and a server on the same thread would then never answer.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";

const SERVER = join(import.meta.dirname, "../../local/inference-server.ts");

export interface InferenceProcess {
  readonly url: string;
  /** The line that it prints when it listens. */
  readonly announced: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

export async function spawnInferenceServer(): Promise<InferenceProcess> {
  const child = spawn(process.execPath, [SERVER], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PORT: "0", DARKROOM_SHAPE: "0", NODE_OPTIONS: "" },
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const announced = JSON.parse(line) as Record<string, unknown>;
  return {
    url: String(announced["url"]),
    announced,
    async close() {
      child.kill();
      await once(child, "exit");
    },
  };
}
