// Which addresses a webhook may be sent to. A name that resolves to a private address is not caught here but by the platform:
// with `global_fetch_strictly_public` the Worker's fetch reaches only public addresses.

import { countChars } from "../input/characters.ts";
import { MAX_ADDRESS_CHARS } from "../limits.ts";

/** IPv4 ranges outside the public internet (IANA's special-purpose registry): first address and prefix length. */
const SPECIAL_V4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

const LOCAL_NAMES = /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|private|corp|home|lan|home\.arpa|onion)$/;

const PORTS: ReadonlySet<string> = new Set(["", "443", "8443"]);

/**
 * Return why a webhook must not be sent to an address; null if it may.
 * @param allowInsecure for a laptop and for tests: allows http, any port and any host.
 */
export function refuseAddress(address: string, { allowInsecure }: { allowInsecure: boolean }): string | null {
  if (countChars(address) > MAX_ADDRESS_CHARS) return `an address has at most ${MAX_ADDRESS_CHARS} characters`;
  const url = URL.parse(address);
  if (url === null) return "not a URL";
  if (url.username !== "" || url.password !== "") return "the URL must not have a user or a password";
  if (allowInsecure && (url.protocol === "http:" || url.protocol === "https:")) return null;
  if (url.protocol !== "https:") return "the URL must begin with https://";
  if (!PORTS.has(url.port)) return "the port must be 443 or 8443";
  return refuseHost(url.hostname);
}

/** `host` as the URL standard normalises it: `0x7f.1`, `017700000001` and `2130706433` are `127.0.0.1` by then. */
function refuseHost(host: string): string | null {
  if (host.startsWith("[")) {
    return isPublicV6(host.slice(1, -1)) ? null : "the address is not on the public internet";
  }
  const v4 = readV4(host);
  if (v4 !== null) {
    return SPECIAL_V4.some((range) => isWithin(v4, range)) ? "the address is not on the public internet" : null;
  }
  const name = host.replace(/\.+$/, "");
  if (!name.includes(".") || LOCAL_NAMES.test(name)) return "the host is not a public name";
  return null;
}

function readV4(host: string): number | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.?$/.exec(host)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return null;
  return parts.reduce((value, part) => value * 256 + part, 0);
}

function isWithin(address: number, [first, bits]: readonly [string, number]): boolean {
  const size = 2 ** (32 - bits);
  return Math.floor(address / size) === Math.floor((readV4(first) ?? 0) / size);
}

/**
 * Return whether an address is global unicast, without ranges that embed an IPv4 address (6to4, Teredo) or are for
 * documentation, benchmarks and ORCHID.
 */
function isPublicV6(host: string): boolean {
  const [first = "", second = ""] = host.split(":");
  const high = Number.parseInt(first || "0", 16);
  if (high < 0x2000 || high > 0x3fff || high === 0x2002 || high === 0x3fff) return false;
  // 2001::/23 is for protocols, 2001:db8::/32 for documentation.
  const next = Number.parseInt(second || "0", 16);
  return !(high === 0x2001 && (next < 0x0200 || next === 0x0db8));
}
