// The local broker runs one batch of a queue at a time, and the platform up to `max_concurrency`. Locally a picture would wait until
// ten chunks of a recording are transcribed. Never deployed.
import { TaskMessage } from "../shared/jobs/task.ts";

/**
 * Fewer than `max_concurrency` of the platform. These are the chunks of more than an hour of sound: with more of them the last
 * ones would wait for the engine for longer than a call to a model may take (MODEL_TIMEOUT_MS).
 */
const BATCHES_AT_ONCE = 8;

/** The broker waits for a batch that ends sooner, and acknowledges its messages as the batch says. */
const LEFT_BEHIND_AFTER_MS = 300;

type Handlers = Required<Pick<ExportedHandler<Env>, "queue">> & ExportedHandler<Env>;

/**
 * Let batches of tasks run at the same time. The broker gets its answer while a slow batch still runs, and then delivers the
 * next one. By then its messages count as acknowledged, so one that is to come again is sent as a new one. The Worker needs the
 * flag `queue_consumer_no_wait_for_wait_until`.
 */
export function withSeveralBatches<Worker extends Handlers>(
  worker: Worker,
  { atOnce, leftBehindAfterMs }: { atOnce: number; leftBehindAfterMs: number } = {
    atOnce: BATCHES_AT_ONCE,
    leftBehindAfterMs: LEFT_BEHIND_AFTER_MS,
  },
): Worker {
  const running = new Set<Promise<void>>();

  async function run(batch: MessageBatch, env: Env, context: ExecutionContext): Promise<void> {
    let isLeftBehind = false;
    const decided = new Set<Message>();
    const later: Promise<unknown>[] = [];
    const messages = batch.messages.map((message) =>
      replaced(message, {
        ack: () => {
          decided.add(message);
          if (!isLeftBehind) message.ack();
        },
        retry: (options) => {
          decided.add(message);
          if (!isLeftBehind) return message.retry(options);
          const { v } = TaskMessage.parse(message.body);
          later.push(env.TASKS.send({ v }, { delaySeconds: options?.delaySeconds ?? 0 }));
        },
      }),
    );
    const work = (async () => {
      await worker.queue(replaced(batch, { messages }), env, context);
      await Promise.allSettled(later);
    })();
    running.add(work);
    const ended = work.finally(() => running.delete(work));
    context.waitUntil(ended);

    const isSlow = new Promise<void>((resolve) => setTimeout(resolve, leftBehindAfterMs));
    await Promise.race([work, isSlow]);
    if (running.size >= atOnce) await Promise.race(running);
    isLeftBehind = true;
    for (const message of batch.messages) if (!decided.has(message)) message.ack();
  }

  return {
    ...worker,
    queue: (batch, env, context) =>
      batch.messages.every(({ body }) => TaskMessage.safeParse(body).success)
        ? run(batch, env, context)
        : worker.queue(batch, env, context),
  };
}

/** The same object, except for some of its members. Those of the runtime cannot be copied. */
function replaced<Whole extends object>(whole: Whole, members: Partial<Whole>): Whole {
  return new Proxy(whole, {
    get(target, name) {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name) as unknown;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
