// The chaos Worker: runs a plan that is posted to it, inside real workerd with real D1 and R2.
import { takeOver } from "./clock.ts";
import { judge } from "./judge.ts";
import type { ChaosLine, ChaosPlan } from "./plan.ts";
import { createRandom, type Random } from "../../local/seeded-random.ts";
import { emptyBucket, emptyTables, readTables } from "../../test/empty-stores.ts";
import { simulate } from "./simulation.ts";
import type { RealDoors } from "./world.ts";

let chance: Random = createRandom(0, 0);
takeOver(() => chance());
// The product logs everything. With a hundred thousand jobs that would be too much.
for (const level of ["log", "warn", "error"] as const) console[level] = () => {};

export default {
  async fetch(request, env, context) {
    const plan = await request.json<ChaosPlan>();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const say = (line: ChaosLine) => writer.write(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
    const run = async () => {
      try {
        await empty(env);
        chance = createRandom(plan.seed, 0);
        const world = await simulate(plan, env, say);
        await say({ type: "report", report: await judge(world) });
      } catch (error) {
        await say({ type: "error", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      }
      await writer.close();
    };
    context.waitUntil(run());
    // Without this header the body is compressed, and progress arrives only at the end.
    return new Response(readable, {
      headers: { "content-type": "application/x-ndjson", "content-encoding": "identity" },
    });
  },
} satisfies ExportedHandler<RealDoors>;

/** Delete everything, so that a run finds nothing of the one before. */
async function empty({ DB, MEDIA }: RealDoors): Promise<void> {
  await DB.batch([...emptyTables(DB, await readTables(DB))]);
  await emptyBucket(MEDIA);
}
