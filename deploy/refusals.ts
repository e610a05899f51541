import { stripVTControlCharacters } from "node:util";

// What the platform refuses to a new account, by the code in wrangler's message, with advice.
const ADVICE: Readonly<Record<string, string>> = {
  "10042": "R2 is off for this account. Switch it on in the dashboard (Storage & databases → R2), then run this again.",
  "100328":
    "The account is on Workers Free. Darkroom needs Workers Paid: Free refuses limits.cpu_ms and stops a Worker after 10 ms of CPU. Change the plan in the dashboard (Workers & Pages → Plans), then run this again.",
  "10089":
    "Analytics Engine is off for this account. Switch it on in the dashboard (Workers & Pages → Analytics Engine), or remove its lines from wrangler.jsonc.",
  "10000":
    "The login or token may not do this. Run `npx wrangler login` again, or give the token the permission that the message names.",
  "9109": "The token is not valid. Run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN to a valid one.",
};

const SUBDOMAIN =
  "The account has no workers.dev subdomain. Open Workers & Pages in the dashboard, which registers one, or add a route to wrangler.jsonc.";

/** wrangler's message if its login may use several accounts and it cannot ask which (4.164.0). */
const SEVERAL_ACCOUNTS = "More than one account available";

/** Return what to do about a command that failed; null if unknown. */
export function adviceFor(output: string): string | null {
  if (output.includes(SEVERAL_ACCOUNTS)) {
    // Each account is on its own line: `Acme`: `0123456789abcdef0123456789abcdef`
    const accounts = output.matchAll(/^\s*`(.+)`: `(\w+)`\s*$/gm);
    const list = Array.from(accounts, ([, name, id]) => `${id} (${name})`).join(", ");
    return `The login may use several accounts: ${list}. Set CLOUDFLARE_ACCOUNT_ID to the id of the one for Darkroom, then run this again.`;
  }
  for (const [, code = ""] of output.matchAll(/\[code: (\d+)\]/g)) {
    const advice = ADVICE[code];
    if (advice !== undefined) return advice;
  }
  return output.includes("workers.dev subdomain") ? SUBDOMAIN : null;
}

/** Return the reason why a command failed, without wrangler's decoration. */
export function reasonIn(output: string): string {
  const lines = stripVTControlCharacters(output)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const coded = lines.find((line) => /\[code: \d+\]/.test(line));
  const marked = lines.find((line) => line.includes("[ERROR]"))?.replace(/^.*\[ERROR\]\s*/, "");
  return coded ?? marked ?? lines.at(-1) ?? "wrangler gave no reason";
}
