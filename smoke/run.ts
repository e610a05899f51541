// `npm run smoke`: checks whether a deployed Darkroom, or that of `npm start`, works on its account. Exit codes: 0 if no check
// failed, 1 if one did, 2 for a wrong command line, 130 if interrupted.
import { parseArgs } from "node:util";

import { isLocalhost, LOCAL_KEY } from "../shared/keys/local-secrets.ts";
import { CHECKS } from "./checks.ts";
import { readMedia } from "./media.ts";
import { runChecks } from "./run-checks.ts";
import { WAITS } from "./smoke.ts";
import { tableOf } from "./table.ts";

const HELP = `npm run smoke -- [--only NAME]... [--json]

  DARKROOM_URL          address of Darkroom; http://localhost:8787 if not set
  DARKROOM_API_KEY      a key of the operator with every scope
  DARKROOM_ORIGIN       a site whose pages should be let in: https://app.example.com
  DARKROOM_WEBHOOK_URL  a public address that leads to DARKROOM_WEBHOOK_PORT of this machine, to check signatures of webhooks

Checks: ${CHECKS.map(({ name }) => name).join(", ")}`;

const { env } = process;
const given = readArguments();
const baseUrl = (env["DARKROOM_URL"] ?? "http://localhost:8787").replace(/\/+$/, "");
const address = URL.parse(baseUrl);
if (address === null || !/^https?:$/.test(address.protocol))
  refuse(`DARKROOM_URL: '${baseUrl}' is not an http(s) URL.`);
const isLocal = isLocalhost(address.hostname);
if (!isLocal && address.protocol === "http:") refuse("DARKROOM_URL: http would send the key unencrypted. Use https.");
const key = env["DARKROOM_API_KEY"] ?? (isLocal ? LOCAL_KEY : "");
if (!/^[\x21-\x7e]+$/.test(key))
  refuse("DARKROOM_API_KEY: the key is missing, or has characters that a key never contains. Copy it again.");

const stopping = new AbortController();
const stop = () => {
  console.error("Stopping. The run deletes what it created. Press Ctrl-C again to leave it there.");
  stopping.abort(new Error("interrupted"));
};
// Once: a second Ctrl-C ends the process.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);

const { rows, neurons } = await runChecks({
  baseUrl,
  key,
  isLocal,
  media: await readMedia(),
  waits: WAITS,
  signal: stopping.signal,
  fetch: (url, init) => globalThis.fetch(url, init),
  origin: env["DARKROOM_ORIGIN"],
  webhookUrl: env["DARKROOM_WEBHOOK_URL"],
  webhookPort: portOf(env["DARKROOM_WEBHOOK_PORT"]),
  only: given.only,
  onRow: ({ name, result }) => console.error(`${result.padEnd(7)}  ${name}`),
});
const count = (wanted: string) => rows.filter(({ result }) => result === wanted).length;
const spent = neurons === null ? "nothing was started" : `${neurons.toFixed(1)} neurons`;
const summary = `${count("pass")} passed, ${count("fail")} failed, ${count("skipped")} skipped; ${spent}.`;
if (given.json) print(rows.map((row) => JSON.stringify(row)).join("\n"));
else print(`\n${tableOf(rows, process.stdout.columns ?? 120)}\n\n${summary}`);
process.exitCode = stopping.signal.aborted ? 130 : count("fail") > 0 ? 1 : 0;

/** Print a text, without the key, which a check may have quoted. */
function print(text: string): void {
  console.log(text.replaceAll(key, "dk_…"));
}

function readArguments(): { only: readonly string[] | undefined; json: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: "string", multiple: true },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    const unknown = values.only?.find((name) => !CHECKS.some((check) => check.name === name));
    if (unknown !== undefined) refuse(`There is no check '${unknown}'.`);
    return { only: values.only, json: values.json };
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function portOf(text: string | undefined): number {
  const port = Number(text ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    refuse("DARKROOM_WEBHOOK_PORT is not a port. Give a number from 0 to 65535.");
  return port;
}

function refuse(reason: string): never {
  console.error(`${reason}\n\n${HELP}`);
  process.exit(2);
}
