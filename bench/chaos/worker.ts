// The chaos Worker: runs a plan that is posted to it, inside real workerd with real D1 and R2.
import { takeOver } from "./clock.ts";
import { judge } from "./judge.ts";
import type { ChaosLine, ChaosPlan } from "./plan.ts";
import { createRandom, type Random } from "../../local/seeded-random.ts";
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

/** All tables of the product. Those of the index of words follow their table. */
const TABLES = `
  SELECT name FROM sqlite_schema
   WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'd1%' AND name NOT LIKE '\\_cf%' ESCAPE '\\'
     AND name NOT LIKE 'passages\\_fts%' ESCAPE '\\'`;

/** Delete everything, so that a run finds nothing of the one before. */
async function empty({ DB, MEDIA }: RealDoors): Promise<void> {
  const { results } = await DB.prepare(TABLES).all<{ name: string }>();
  await DB.batch([
    DB.prepare("PRAGMA defer_foreign_keys = true"),
    ...results.map(({ name }) => DB.prepare(`DELETE FROM ${name}`)),
  ]);
  for (;;) {
    const { objects } = await MEDIA.list();
    if (objects.length === 0) break;
    await MEDIA.delete(objects.map((object) => object.key));
  }
}
