// As in production, webhooks only go to public hosts over https.
import { afterAll, beforeAll, expect, test } from "vitest";

import { refuseAddress } from "../shared/webhooks/address.ts";
import { startDarkroom, until } from "./harness.ts";
import { startReceiver } from "./receiver.ts";

const darkroom = startDarkroom({ ALLOW_INSECURE_WEBHOOKS: "false" });
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

const REFUSED = [
  "http://example.com/",
  "ftp://example.com/",
  "javascript:alert(1)",
  "//example.com/",
  "https://example.com:22/",
  "https://example.com:8080/",
  "https://me@example.com/",
  "https://localhost/",
  "https://localhost./",
  "https://LOCALHOST/",
  "https://a.localhost/",
  "https://printer.local/",
  "https://metadata.google.internal/",
  "https://router.home.arpa/",
  "https://intranet/",
  "https://127.0.0.1/",
  "https://127.0.0.1./",
  "https://127.1/",
  "https://0x7f.1/",
  "https://0x7f000001/",
  "https://2130706433/",
  "https://017700000001/",
  "https://0177.0.0.1/",
  "https://%31%32%37.0.0.1/",
  "https://１２７.０.０.１/",
  "https://127。0。0。1/",
  "https://0.0.0.0/",
  "https://10.1.2.3/",
  "https://100.64.0.1/",
  "https://100.127.255.255/",
  "https://169.254.169.254/latest/meta-data/",
  "https://172.16.0.1/",
  "https://172.31.255.255/",
  "https://192.0.0.8/",
  "https://192.168.1.1/",
  "https://198.18.0.1/",
  "https://224.0.0.1/",
  "https://239.255.255.255/",
  "https://255.255.255.255/",
  "https://[::1]/",
  "https://[::]/",
  "https://[::ffff:127.0.0.1]/",
  "https://[::ffff:7f00:1]/",
  "https://[::ffff:8.8.8.8]/",
  "https://[0:0:0:0:0:ffff:a00:1]/",
  "https://[::127.0.0.1]/",
  "https://[64:ff9b::7f00:1]/",
  "https://[2002:7f00:1::]/",
  "https://[2001:0:7f00:1::]/",
  "https://[2001:db8::1]/",
  "https://[fe80::1]/",
  "https://[fec0::1]/",
  "https://[fc00::1]/",
  "https://[fd12:3456:789a::1]/",
  "https://[ff02::1]/",
];
const TAKEN = [
  "https://example.com/hook?a=b",
  "https://example.com:443/",
  "https://example.com:8443/",
  "https://münchen.example/",
  "https://8.8.8.8/",
  "https://100.63.255.255/",
  "https://100.128.0.1/",
  "https://172.15.0.1/",
  "https://172.32.0.1/",
  "https://[2606:4700::1111]/",
  "https://[2001:4860:4860::8888]/",
];

test("private, loopback and link-local hosts are refused in every notation, by name and by number", () => {
  const verdicts = (urls: string[]) =>
    Object.fromEntries(urls.map((url) => [url, refuseAddress(url, { allowInsecure: false }) === null]));
  expect(Object.entries(verdicts(REFUSED)).filter(([, isTaken]) => isTaken)).toEqual([]);
  expect(Object.entries(verdicts(TAKEN)).filter(([, isTaken]) => !isTaken)).toEqual([]);
});

test("the Worker refuses them too, although another engine parses its URLs", async () => {
  const taken: string[] = [];
  for (const url of REFUSED) {
    const response = await darkroom.post("/v1/webhooks", { url });
    if (response.status !== 422) taken.push(url);
  }
  expect(taken).toEqual([]);
  const made = await darkroom.post("/v1/webhooks", { url: "https://example.com/" });
  const { id } = await made.json<{ id: string }>();
  for (const url of REFUSED) {
    const response = await darkroom.api(`/v1/webhooks/${id}`, { method: "PATCH", body: JSON.stringify({ url }) });
    if (response.status !== 422) taken.push(url);
  }
  expect(taken).toEqual([]);
});

test("a forbidden address that is in the table anyway is not called", async () => {
  const made = await darkroom.post("/v1/webhooks", { url: "https://example.com/" });
  const { id } = await made.json<{ id: string }>();
  const { DB } = darkroom.bindings();
  await DB.prepare("UPDATE webhook_endpoints SET url = ?1").bind(`${receiver.url}/hook`).run();
  await darkroom.submit({ kind: "classification", text: "quiet" });
  type Log = { deliveries: { state: string; error: { code: string } | null }[] };
  const { deliveries } = await until(
    async () => (await darkroom.api(`/v1/webhooks/${id}/deliveries`)).json<Log>(),
    (log) => log.deliveries[0]?.state === "failed",
  );
  expect(deliveries).toMatchObject([{ state: "failed", error: { code: "address_refused" } }]);
  expect(receiver.received).toEqual([]);
});
