// The queues between `send` and `queue()`. The local broker cannot drop, double or reorder messages or use an injected clock,
// and delivers one batch at a time. The tests and the kill test use the broker; this simulates bad conditions.
import { drawDelivery } from "./faults.ts";
import { perform } from "./operation.ts";
import { between, pick } from "../../local/seeded-random.ts";
import { countFault, type Invocation, type World } from "./world.ts";

/** The production settings of `wrangler.jsonc`. */
const QUEUES = {
  "media-uploads": { batch: 50, timeoutMs: 1000, maxRetries: 20, delaySeconds: 10, invocations: 3, next: true },
  "media-tasks": { batch: 10, timeoutMs: 1000, maxRetries: 100, delaySeconds: 10, invocations: 8, next: true },
  "media-dead-letters": { batch: 20, timeoutMs: 5000, maxRetries: 100, delaySeconds: 300, invocations: 1, next: false },
} as const;
export type QueueName = keyof typeof QUEUES;

interface Parcel {
  readonly id: string;
  readonly body: unknown;
  readonly sentAt: number;
  /** How often it was delivered. */
  deliveries: number;
}

/** A batch that is being handled, and what its consumer decided for each message. */
export interface Delivered {
  readonly batch: MessageBatch;
  /** The handler has returned. */
  done(): void;
  /** The consumer died. Its decisions about the messages were not sent, so all of them are delivered again. */
  died(): void;
}

export interface Network {
  send(queue: QueueName, body: unknown): void;
  /** The number of messages that wait or are in transit. */
  pending(): number;
}

export function createNetwork(world: World, consume: (queue: QueueName, delivered: Delivered) => void): Network {
  const { clock, random } = world;
  const names = Object.keys(QUEUES) as QueueName[];
  const waiting = Object.fromEntries(names.map((name) => [name, [] as Parcel[]])) as Record<QueueName, Parcel[]>;
  const running = Object.fromEntries(names.map((name) => [name, 0])) as Record<QueueName, number>;
  let [sent, pending] = [0, 0];

  function arrive(queue: QueueName, parcel: Parcel, delayMs: number): void {
    pending += 1;
    clock.after(delayMs, () => {
      waiting[queue].push(parcel);
      clock.after(QUEUES[queue].timeoutMs, () => deliver(queue));
    });
  }

  function deliver(queue: QueueName): void {
    const limits = QUEUES[queue];
    while (waiting[queue].length > 0 && running[queue] < limits.invocations) {
      const parcels: Parcel[] = [];
      // In random order: queues do not guarantee an order.
      while (parcels.length < limits.batch && waiting[queue].length > 0) {
        const [parcel] = waiting[queue].splice(between(random.delivery, 0, waiting[queue].length - 1), 1);
        if (parcel !== undefined) parcels.push(parcel);
      }
      pending -= parcels.length;
      running[queue] += 1;
      handOver(queue, parcels);
    }
  }

  function handOver(queue: QueueName, parcels: readonly Parcel[]): void {
    for (const parcel of parcels) parcel.deliveries += 1;
    const again = new Map<Parcel, number>();
    const messages = parcels.map((parcel) => ({
      id: parcel.id,
      timestamp: new Date(parcel.sentAt),
      body: structuredClone(parcel.body),
      attempts: parcel.deliveries,
      ack: () => void again.delete(parcel),
      retry: (options?: QueueRetryOptions) =>
        void again.set(parcel, (options?.delaySeconds ?? QUEUES[queue].delaySeconds) * 1000),
    }));
    const batch = {
      queue,
      messages,
      metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } },
      ackAll: () => again.clear(),
      retryAll: () => {
        for (const message of messages) message.retry();
      },
    };
    const end = () => {
      running[queue] -= 1;
      clock.after(0, () => deliver(queue));
    };
    consume(queue, {
      batch,
      done() {
        for (const [parcel, delayMs] of again) redeliver(queue, parcel, delayMs);
        end();
      },
      died() {
        const noticedMs = between(random.delivery, 1000, 30_000);
        for (const parcel of parcels) redeliver(queue, parcel, noticedMs);
        clock.after(noticedMs, end);
      },
    });
  }

  function redeliver(queue: QueueName, parcel: Parcel, delayMs: number): void {
    if (parcel.deliveries <= QUEUES[queue].maxRetries) return arrive(queue, parcel, delayMs);
    if (QUEUES[queue].next) arrive("media-dead-letters", { ...parcel, deliveries: 0 }, delayMs);
  }

  return {
    pending: () => pending,
    send(queue, body) {
      sent += 1;
      const parcel = () => ({ id: `message${sent}`, body: structuredClone(body), sentAt: clock.now(), deliveries: 0 });
      const fate = drawDelivery(world.plan.faultRate, random.delivery);
      if (fate !== null) countFault(world, "delivery", fate);
      world.trace(`${queue} ${JSON.stringify(body)}${fate === null ? "" : ` [${fate}]`}`);
      if (fate === "dropped") return;
      const delayMs = between(random.delivery, 5, 500);
      arrive(queue, parcel(), fate === "delayed" ? between(random.delivery, 5000, 600_000) : delayMs);
      if (fate === "doubled") arrive(queue, parcel(), pick(random.delivery, [1, delayMs, 3000, 60_000, 200_000]));
    },
  };
}

/** A queue as a producer uses it. */
export function queueDoor(world: World, invocation: Invocation, network: Network, queue: QueueName): Queue {
  const send = (bodies: readonly unknown[]) =>
    perform<unknown>(world, invocation, {
      door: "queue",
      what: `send ${queue} ${JSON.stringify(bodies).slice(0, 600)}`,
      run: async () => {
        for (const body of bodies) network.send(queue, body);
        return {};
      },
      onFault: (fault) => (fault === "dropped" ? { answer: {} } : null),
    });
  const door = {
    send: (body: unknown) => send([body]),
    sendBatch: (messages: Iterable<{ body: unknown }>) => send([...messages].map(({ body }) => body)),
  };
  return door as unknown as Queue;
}
