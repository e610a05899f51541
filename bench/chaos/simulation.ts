// One run: clients submit jobs in waves, the network delivers, cron ticks, and the product's own handlers do the work.
import { createConsumer } from "../../consumer/index.ts";
import { isolateMemory } from "../../consumer/runner/memory-limit.ts";
import { createSixConnections } from "../../test/six-connections.ts";
import { aiDoor } from "./ai-door.ts";
import { countUnfinished, putAndAnnounce, WAKE_GRACE_MS, submit } from "./client.ts";
import { createClock, useClock, wallMs } from "./clock.ts";
import { d1Door } from "./d1-door.ts";
import { createNetwork, type Network, queueDoor } from "./network.ts";
import { judgeEnded } from "./judge.ts";
import { type ChaosLine, type ChaosPlan, PRUNED_AFTER } from "./plan.ts";
import { r2Door } from "./r2-door.ts";
import { countLostReader, createWorld, type Invocation, kill, type RealDoors, type World } from "./world.ts";
import { type Work, workOf } from "./work.ts";

/** An hour before the daily allocation resets. Cron waits minute by minute for jobs that are held until then. */
const START = Date.UTC(2026, 10, 23, 23);
const GIVE_UP_MS = 10 * 24 * 3_600_000;

/** The platform ends an invocation after this time. */
const INVOCATION_MS = 15 * 60_000;

/** Answers are forgotten this long after their invocation has ended. */
const REMEMBERED_MS = 10_000;

const WINDOW_JOBS = 400;
const WAVE_JOBS = 10;
const LOOK_EVERY_MS = 3000;
const RESUBMIT_MS = 5000;
const PROGRESS_EVERY_MS = 2000;

/** Run a plan to its end: every job has ended, no message is in transit and no invocation runs, or ten days have passed. */
export async function simulate(
  plan: ChaosPlan,
  real: RealDoors,
  say: (line: ChaosLine) => Promise<void>,
): Promise<World> {
  const clock = createClock(START);
  const traces: string[] = [];
  const world = createWorld(plan, clock, real, (text) => traces.push(text));
  const alive = new Set<Invocation>();
  let [invocations, nextIndex, accepted, objectsPut, unfinished] = [0, 0, 0, 0, 0];
  const state = { isOver: false };

  function start(name: string, onEnd: (how: "done" | "died") => void): { invocation: Invocation; end: () => void } {
    invocations += 1;
    const finish = (how: "done" | "died") => {
      alive.delete(invocation);
      callOff();
      countLostReader(world, invocation.reading);
      // A write that was sent to R2 before a death may still arrive.
      clock.after(REMEMBERED_MS, () => invocation.unkept.clear());
      onEnd(how);
    };
    const invocation: Invocation = {
      id: invocations,
      name,
      diedAt: null,
      leasedAt: null,
      cutOffUntil: 0,
      unkept: new Map(),
      connections: createSixConnections(),
      consumer: createConsumer(isolateMemory()),
      reading: new Set(),
      onDeath: () => finish("died"),
    };
    const callOff = clock.after(INVOCATION_MS, () => kill(world, invocation, "its time limit was over"));
    alive.add(invocation);
    return { invocation, end: () => invocation.diedAt === null && finish("done") };
  }

  const network: Network = createNetwork(world, (queue, delivered) => {
    const { invocation, end } = start(queue, (how) => (how === "done" ? delivered.done() : delivered.died()));
    const { batch } = delivered;
    world.trace(`#${invocation.id} ${queue} takes ${JSON.stringify(batch.messages.map(({ body }) => body))}`);
    const failed = (error: unknown) => {
      // If a handler throws, its whole batch is delivered again.
      world.realErrors.push(`${queue} threw ${String(error)}`);
      kill(world, invocation, String(error));
    };
    invocation.consumer.queue(batch, doorsOf(world, invocation, network)).then(end, failed);
  });

  function tick(): void {
    const { invocation, end } = start("cron", () => {});
    const controller = { cron: "* * * * *", scheduledTime: clock.now(), noRetry: () => {} };
    invocation.consumer
      .scheduled(controller as ScheduledController, doorsOf(world, invocation, network))
      .then(end, (error) => {
        world.realErrors.push(`cron threw ${String(error)}`);
        kill(world, invocation, String(error));
      });
    clock.after(60_000, tick);
  }

  function bring(works: readonly Work[]): void {
    const again = () => clock.after(RESUBMIT_MS, () => bring(works));
    const { invocation, end } = start("client", (how) => {
      if (how === "died") again();
    });
    const taken = () => {
      accepted += works.length;
      end();
    };
    const refused = () => {
      end();
      again();
    };
    submit(world, invocation, network, works).then(taken, refused);
  }

  async function look(): Promise<void> {
    const isQuiet = alive.size === 0 && network.pending() === 0;
    const isAllBrought = nextIndex === plan.jobs;
    clock.after(isAllBrought ? 10 * LOOK_EVERY_MS : LOOK_EVERY_MS, look);
    if (plan.keepMinutes !== undefined) await judgeEnded(world);
    if (isAllBrought && !isQuiet) return; // no need to ask
    unfinished = await countUnfinished(world, objectsPut);
    for (let room = WINDOW_JOBS - unfinished; room > 0 && nextIndex < plan.jobs; room -= WAVE_JOBS) {
      const wave: Work[] = [];
      while (wave.length < WAVE_JOBS && nextIndex < plan.jobs) {
        wave.push(workOf(nextIndex, plan));
        nextIndex += 1;
      }
      const described = wave.filter(({ kind }) => kind === "picture" || kind === "text");
      if (described.length > 0) bring(described);
      for (const work of wave.filter((one) => !described.includes(one))) {
        await putAndAnnounce(world, network, work);
        objectsPut += 1;
      }
    }
    state.isOver =
      (isAllBrought && isQuiet && unfinished === 0 && accepted + objectsPut === plan.jobs) ||
      clock.now() - START > GIVE_UP_MS;
  }

  if (plan.budget !== undefined) {
    await real.DB.prepare(
      `INSERT INTO budgets (owner_id, period, neurons, lets_high_through, told_owner_id) VALUES ('*', 'day', ?1, 0, 'operator')`,
    )
      .bind(plan.budget)
      .run();
  }
  useClock(clock);
  try {
    clock.at(START, look);
    clock.at(START + 60_000, tick);
    let saidAt = wallMs();
    while (!state.isOver) {
      await clock.step();
      if (traces.length > 0) {
        for (const text of traces.splice(0)) await say({ type: "trace", text });
      }
      if (wallMs() - saidAt < PROGRESS_EVERY_MS) continue;
      saidAt = wallMs();
      const at = new Date(clock.now()).toISOString().slice(5, 19);
      await say({ type: "progress", text: `${at}: ${nextIndex} of ${plan.jobs} submitted, ${unfinished} unfinished` });
    }
  } finally {
    useClock(null);
  }
  return world;
}

function daysOf(minutes: number): string {
  return (minutes / (24 * 60)).toFixed(6);
}

function doorsOf(world: World, invocation: Invocation, network: Network): Env {
  const { keepMinutes, sabotage } = world.plan;
  const prunedAfter = sabotage === "prunes_early" ? 1 : PRUNED_AFTER;
  return {
    DB: d1Door(world, invocation),
    MEDIA: r2Door(world, invocation),
    UPLOADS: queueDoor(world, invocation, network, "media-uploads"),
    TASKS: queueDoor(world, invocation, network, "media-tasks"),
    DEAD_LETTERS: queueDoor(world, invocation, network, "media-dead-letters"),
    ALLOW_INSECURE_WEBHOOKS: "false",
    CORS_ORIGINS: "",
    ACCESS_TEAM_DOMAIN: "",
    ACCESS_AUD: "",
    ACCESS_MEMBERS: "",
    AI_GATEWAY_ID: "",
    AI_GATEWAY_CACHE_SECONDS: "0",
    OPENAI_MODELS: "",
    OPENAI_LENIENT: "false",
    // The judge knows only the answers of the models that the jobs name.
    MODEL_FALLBACKS: {},
    R2_ACCESS_KEY_ID: "local",
    R2_SECRET_ACCESS_KEY: "local-secret",
    R2_ENDPOINT: "/cdn-cgi/local/r2/s3/darkroom-media",
    REQUESTS: { limit: async () => ({ success: true }) },
    KEEP_MODEL_RATES: "true",
    AI: aiDoor(world, invocation) as unknown as Fetcher,
    // Nobody opens the page here.
    ASSETS: { fetch: async () => new Response(null, { status: 404 }) } as unknown as Fetcher,
    OPERATOR_ID: "operator",
    DEAD_LETTER_QUEUE: "media-dead-letters",
    RETENTION_DAYS: keepMinutes === undefined ? "30" : daysOf(prunedAfter * keepMinutes),
    UPLOAD_DAYS: "90",
    AUDIT_DAYS: "400",
    ARCHIVE_AFTER_DAYS: keepMinutes === undefined ? "0" : daysOf(keepMinutes),
    WAKE_GRACE_SECONDS: String(WAKE_GRACE_MS / 1000),
  };
}
