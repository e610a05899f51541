import { Webhook } from "standardwebhooks";

import { type Check, described, Failure, pass, type Finding, type Smoke } from "../check.ts";
import { seconds } from "../job-figures.ts";
import { startReceiver } from "../receiver.ts";

const work = described(({ text }) => ({ kind: "classification", text, options: {} }));

/**
 * Whether a webhook reports a job's end. Offline, or through a tunnel, this process is the endpoint and checks the signature.
 * Otherwise the endpoint is Darkroom's own address: it answers 404, and the log of deliveries shows that the answer is its own.
 */
export const webhook: Check = {
  name: "webhook",
  work: [work],
  run: (smoke) => (smoke.isLocal || smoke.webhookUrl !== undefined ? toThisProcess(smoke) : toItself(smoke)),
};

async function toThisProcess(smoke: Smoke): Promise<Finding> {
  const { client, runId, waits, webhookUrl, webhookPort = 0 } = smoke;
  const receiver = await startReceiver(webhookPort);
  try {
    const url = webhookUrl ?? receiver.url;
    const { id: endpointId, secret } = await client.webhooks.create({
      url,
      events: ["job.completed"],
      description: runId,
    });
    const { id, finishedAt } = await smoke.complete(work);
    const told = await smoke.until(async () => receiver.find(id), waits.deliveryMs);
    if (told === null) throw new Failure(await whyNot(smoke, endpointId, id), advice(url));
    try {
      new Webhook(secret).verify(told.body, told.headers);
    } catch (error) {
      const means = `A webhook came with a wrong signature: ${error instanceof Error ? error.message : String(error)}.`;
      throw new Failure(means, "Check that no proxy changes the body, and that this machine's clock is right.");
    }
    const tookMs = told.receivedAt - Date.parse(finishedAt ?? "");
    return pass(`The webhook for a job's end came after ${seconds(tookMs)}, and its signature is correct.`);
  } finally {
    await receiver.close();
  }
}

async function toItself(smoke: Smoke): Promise<Finding> {
  const { client, baseUrl, runId, waits } = smoke;
  // A route that accepts no POST. One that did would be open to everybody, because a webhook sends no key.
  const url = `${baseUrl}/healthz?run=${runId}`;
  const { id: endpointId } = await client.webhooks.create({ url, events: ["job.completed"], description: runId });
  const { id } = await smoke.complete(work);
  const delivery = await smoke.until(async () => {
    const found = await deliveryOf(smoke, endpointId, id);
    // An attempt is counted when it begins.
    return found !== null && (found.response !== null || found.error !== null) ? found : null;
  }, waits.deliveryMs);
  if (delivery === null) throw new Failure(await whyNot(smoke, endpointId, id), advice(url));
  const { response, error, durationMs } = delivery;
  if (response?.code !== 404 || !(response.body ?? "").includes("POST /healthz is not part of this API")) {
    const said = response === null ? (error?.message ?? "no answer") : `${response.code} ${response.body ?? ""}`;
    throw new Failure(
      `A webhook to Darkroom's own address did not come back to it: ${said.slice(0, 300)}`,
      advice(url),
    );
  }
  const means = `A webhook reached Darkroom's own address in ${seconds(durationMs)}, which answered 404 as expected. To check its signature too, set DARKROOM_WEBHOOK_URL.`;
  return pass(means);
}

async function deliveryOf({ client }: Smoke, endpointId: string, jobId: string) {
  const { items } = await client.webhooks.deliveries(endpointId, { limit: 100 }).page();
  return items.find((delivery) => delivery.jobId === jobId) ?? null;
}

async function whyNot(smoke: Smoke, endpointId: string, jobId: string): Promise<string> {
  const delivery = await deliveryOf(smoke, endpointId, jobId);
  if (delivery === null) return `Job ${jobId} completed, but nothing was sent to the endpoint.`;
  const { state, attempts, error, response } = delivery;
  const said = error?.message ?? (response === null ? "no attempt was made" : `${response.code}`);
  return `No webhook came: the delivery is ${state} after ${attempts} attempts: ${said}`;
}

function advice(url: string): string {
  return `See docs/operations.md, Webhooks do not arrive. ${new URL(url).host} must be reachable from the platform. 'error code: 1042' or 522 means that a Worker cannot call itself there; set DARKROOM_WEBHOOK_URL instead.`;
}
