// Dead letters, queues, webhooks and keys through the typed client.
import { JOB_KINDS } from "../../shared/kinds/index.ts";
import type { Webhook } from "../../client/index.ts";
import { type Callers, type Case, expect } from "./case.ts";
import type { Runtime } from "./runtime.ts";
import { ended, letterId, until } from "./sources.ts";

const via = "client";

export const operatorCases: readonly Case[] = [
  {
    operation: "GET /v1/dead-letters",
    via,
    async run(callers) {
      const id = await letterId(callers);
      const groups = await callers.client.deadLetters.groups().page();
      expect(
        groups.items.some(({ sample }) => sample.id === id),
        "no group has the letter",
      );
    },
  },
  {
    operation: "GET /v1/dead-letters/{id}",
    via,
    async run(callers) {
      const letter = await callers.client.deadLetters.get(await letterId(callers));
      expect(letter.state === "open" && letter.attempts.length > 0, "the letter is incomplete");
    },
  },
  {
    operation: "POST /v1/dead-letters/{id}/redrive",
    via,
    async run(callers) {
      const { jobId } = await callers.client.deadLetters.redrive(await letterId(callers), { options: { steps: 2 } });
      await ended(callers, jobId ?? "");
    },
  },
  {
    operation: "POST /v1/dead-letters/{id}/discard",
    via,
    async run(callers) {
      const { discarded } = await callers.client.deadLetters.discard(await letterId(callers), { note: "no" });
      expect(discarded, "not discarded");
    },
  },
  {
    operation: "POST /v1/redrives",
    via,
    async run(callers) {
      const { jobId } = await callers.client.deadLetters.get(await letterId(callers));
      const filter = { jobId: jobId ?? "" };
      expect((await callers.client.redrives.create({ filter, dryRun: true })).matched === 1, "a dry run finds none");
      await callers.client.redrives.create({ filter, ratePerSecond: 100 });
      await ended(callers, jobId ?? "");
    },
  },
  {
    operation: "GET /v1/redrives",
    via,
    run: async ({ client }) => expect((await client.redrives.list().page()).items.length > 0, "none"),
  },
  {
    operation: "GET /v1/redrives/{id}",
    via,
    async run({ client }) {
      const [{ id } = { id: "" }] = (await client.redrives.list().page()).items;
      expect((await client.redrives.get(id)).progress.matched === 1, "it matched nothing");
    },
  },
  {
    operation: "DELETE /v1/redrives/{id}",
    via,
    async run(callers) {
      await letterId(callers);
      await letterId(callers);
      const { redrives } = callers.client;
      const { id } = await redrives.create({ filter: { all: true }, ratePerSecond: 1, canary: true });
      expect((await redrives.cancel(id)).state === "cancelled", "not cancelled");
    },
  },
  {
    operation: "GET /v1/audit",
    via,
    async run({ client }) {
      const { items } = await client.audit.list({ act: "redrive.create" }).page();
      expect(items.every(({ act }) => act === "redrive.create") && items.length > 0, "not what was done");
    },
  },
  {
    operation: "GET /v1/queues",
    via,
    run: async ({ client }) => expect((await client.queues.get()).kinds.length === JOB_KINDS.length, "not every kind"),
  },
  ...(["pause", "resume"] as const).map((verb): Case => ({
    operation: `POST /v1/queues/{kind}/${verb}`,
    via,
    async run({ client }) {
      expect((await client.queues.pause("classification", { note: "x" })).paused, "not paused");
      expect((await client.queues.resume("classification")).paused === null, "not resumed");
    },
  })),
  ...(["GET /v1/retention", "PUT /v1/retention/{ownerId}", "DELETE /v1/retention/{ownerId}"] as const).map(
    (operation): Case => ({
      operation,
      via,
      async run({ client: { retention } }) {
        await retention.set("conformance", 7);
        const { days, retentions } = await retention.list();
        expect(days > 0 && retentions.some(({ ownerId }) => ownerId === "conformance"), "it was not set");
        await retention.delete("conformance");
      },
    }),
  ),
  ...(["GET /v1/archive", "POST /v1/archive"] as const).map((operation): Case => ({
    operation,
    via,
    async run({ client: { archive } }) {
      const { items } = await archive.export().page();
      const results = items.length === 0 ? [] : await archive.import(items);
      expect(
        results.every(({ outcome }) => outcome === "known"),
        "a job that is there was imported",
      );
    },
  })),
  {
    operation: "DELETE /v1/queues/hold",
    via,
    async run({ client }) {
      await client.queues.liftHold();
      expect((await client.queues.get()).hold === null, "still held");
    },
  },
  ...(["GET /v1/budgets", "PUT /v1/budgets/{ownerId}/{period}", "DELETE /v1/budgets/{}/{}"] as const).map(
    (operation): Case => ({
      operation,
      via,
      async run({ client: { budgets } }) {
        const set = await budgets.set("account", "month", { neurons: 1_000_000, letsHighThrough: true });
        expect(set.ownerId === null && set.remainingNeurons > 0, "not what was set");
        const find = async () => (await budgets.list()).find(({ ownerId }) => ownerId === null);
        expect((await find())?.neurons === 1_000_000, "not listed");
        await budgets.delete("account", "month");
        expect((await find()) === undefined, "not lifted");
      },
    }),
  ),
  webhookCase("POST /v1/webhooks"),
  webhookCase("GET /v1/webhooks", async ({ client }, { id }) => {
    expect(
      (await client.webhooks.list().page()).items.some((webhook) => webhook.id === id),
      "not listed",
    );
  }),
  webhookCase("GET /v1/webhooks/{id}", async ({ client }, { id, url }) => {
    expect((await client.webhooks.get(id)).url === url, "another address");
  }),
  webhookCase("PATCH /v1/webhooks/{id}", async ({ client }, { id }) => {
    expect((await client.webhooks.update(id, { disabled: true })).disabled, "not disabled");
  }),
  webhookCase("DELETE /v1/webhooks/{id}"),
  webhookCase("POST /v1/webhooks/{id}/rotate", async ({ client }, { id }) => {
    expect((await client.webhooks.rotate(id)).secret.startsWith("whsec_"), "no secret");
  }),
  webhookCase("POST /v1/webhooks/{id}/test", async ({ client }, { id }) => {
    expect((await client.webhooks.test(id)).state === "delivered", "not delivered");
  }),
  webhookCase("GET /v1/webhooks/{id}/deliveries", async (callers, { id }) => {
    await delivered(callers, id);
  }),
  webhookCase("POST /v1/webhooks/{id}/deliveries/{}/replay", async (callers, { id }) => {
    await callers.client.webhooks.replay(id, await delivered(callers, id));
  }),
  {
    operation: "GET /v1/webhooks/secret",
    via,
    run: async ({ client }) => expect((await client.webhooks.secret()).secret.startsWith("whsec_"), "no secret"),
  },
  {
    operation: "POST /v1/webhooks/secret/rotate",
    via,
    run: async ({ client }) => expect((await client.webhooks.rotateSecret()).secret.startsWith("whsec_"), "no secret"),
  },
  ...(["POST /v1/keys", "GET /v1/keys", "DELETE /v1/keys/{id}"] as const).map((operation): Case => ({
    operation,
    via,
    async run({ client: { keys } }) {
      const made = await keys.create({ label: "conformance", scopes: ["jobs:read"], expiresInDays: 1 });
      expect(made.key.startsWith("dk_"), "no key");
      expect(
        (await keys.list({ limit: 100 }).page()).items.some(({ id }) => id === made.id),
        "not listed",
      );
      await keys.revoke(made.id);
      const revoked = (await keys.list({ limit: 100 }).page()).items.find(({ id }) => id === made.id);
      expect(revoked?.revokedAt, "not revoked");
    },
  })),
];

/** A case with an endpoint that is created before and deleted after. */
function webhookCase(operation: string, run?: (callers: Callers, webhook: Webhook) => Promise<void>): Case {
  return {
    operation,
    via,
    async run(callers: Callers, { hookUrl }: Runtime) {
      const { webhooks } = callers.client;
      const webhook = await webhooks.create({ url: hookUrl, events: ["job.completed"] });
      expect(webhook.secret.startsWith("whsec_"), "no secret");
      try {
        await run?.(callers, webhook);
      } finally {
        await webhooks.delete(webhook.id);
      }
      const { items } = await webhooks.list().page();
      expect(
        items.every(({ id }) => id !== webhook.id),
        "not deleted",
      );
    },
  };
}

/** Return the id of a delivery that has arrived. */
async function delivered({ client }: Callers, webhookId: string): Promise<string> {
  const text = `fine ${crypto.randomUUID()}`;
  await client.jobs.submit({ kind: "classification", text });
  const [delivery] = await until(
    async () => (await client.webhooks.deliveries(webhookId).page()).items,
    ([first]) => first?.state === "delivered",
  );
  expect(delivery, "no delivery");
  return delivery.id;
}
