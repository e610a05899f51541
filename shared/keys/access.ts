// The people who may sign in with Cloudflare Access, and their rights. Three variables define them: either all are set, or none. Nothing is stored in
// D1, so a change takes effect with the next deployment, also for links and uploads that were made before.
import * as z from "zod";

import { sha256Hex } from "../hash.ts";
import { boundedText } from "../input/bounded-text.ts";
import { readJson } from "../input/read-json.ts";
import { ACCOUNT, OwnerId } from "./owner-id.ts";
import { SCOPES, type Scope } from "./scopes.ts";

/** The person whom an assertion of Cloudflare Access names. */
export interface Identity {
  /** As `lowerCase` writes it. */
  readonly address: string;
  readonly groups: readonly string[];
}

/** An entry of `ACCESS_MEMBERS`: whom it names, and what they may do for which owner. */
export interface AccessMember {
  /** An address, an address domain with its `@`, or `group:` and a group's name. */
  readonly who: string;
  readonly ownerId: string;
  /** Without any, those whom it names may not sign in. */
  readonly scopes: readonly Scope[];
}

export interface AccessSettings {
  /** `https://<team>.cloudflareaccess.com`. */
  readonly issuer: string;
  /** The AUD tags of the Access applications in front of this Worker. */
  readonly audiences: readonly string[];
  /** The first entry that names a person is theirs. */
  readonly members: readonly AccessMember[];
}

export type Access =
  | { readonly state: "off" }
  | { readonly state: "on"; readonly settings: AccessSettings }
  /** `why` says which variable is wrong, and how. */
  | { readonly state: "wrong"; readonly why: string };

/** In wrangler.jsonc a variable may be any JSON, whatever its type says. */
export type AccessVars = Readonly<Record<"ACCESS_TEAM_DOMAIN" | "ACCESS_AUD" | "ACCESS_MEMBERS", unknown>>;

/** No other host is accepted, because the keys that it serves decide who gets in. */
const TEAM_DOMAIN = /^(?:https:\/\/)?([a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.cloudflareaccess\.com)\/?$/i;
const AUDIENCE = /^[\da-f]{32,128}$/;
const WHO = /^(?:group:.+|[^\s@:]*@[^\s@]+)$/s;

const MAX_ADDRESS_CHARS = 320;
const MAX_MEMBERS = 200;

const Members = z
  .array(
    z.strictObject({
      who: boundedText({
        max: MAX_ADDRESS_CHARS,
        pattern: [
          WHO,
          "is neither an address, nor a domain such as '@example.com', nor a group such as 'group:editors'",
        ],
      }).transform((who) => (who.startsWith("group:") ? who : lowerCase(who))),
      ownerId: OwnerId.refine((ownerId) => ownerId !== ACCOUNT, "is the name of the whole account"),
      scopes: z.array(z.enum(SCOPES)),
    }),
  )
  .min(1, "names nobody")
  .max(MAX_MEMBERS, `has more than ${MAX_MEMBERS} entries`)
  .superRefine(refuseIneffective);

/**
 * An entry after another one for the same people would never apply, and its rights may be the fewer ones. A group without scopes would lock
 * nobody out whose groups are not in the assertion.
 */
function refuseIneffective(members: readonly AccessMember[], context: z.RefinementCtx): void {
  const places = new Map<string, number>();
  for (const [index, { who, scopes }] of members.entries()) {
    if (who.startsWith("group:") && scopes.length === 0) {
      const message = "has no scope, but a group cannot be refused in this way, because Access may leave groups out";
      context.addIssue({ code: "custom", path: [index, "scopes"], message });
    }
    const names = who.startsWith("group:") ? [who] : [who, domainOf(who)];
    const hiding = names.find((name) => places.has(name));
    if (hiding === undefined) places.set(who, index);
    else {
      const message = `never applies, because entry ${places.get(hiding)} names '${hiding}' and comes first`;
      context.addIssue({ code: "custom", path: [index, "who"], message });
    }
  }
}

/** Read the variables. */
export function accessOf({ ACCESS_TEAM_DOMAIN: domain, ACCESS_AUD: tags, ACCESS_MEMBERS: given }: AccessVars): Access {
  const isNobody = given === "" || (Array.isArray(given) && given.length === 0);
  if (domain === "" && tags === "" && isNobody) return { state: "off" };
  const [, host] = TEAM_DOMAIN.exec(textOf(domain)) ?? [];
  if (host === undefined) {
    return {
      state: "wrong",
      why: "ACCESS_TEAM_DOMAIN is not the domain of a team, such as example.cloudflareaccess.com.",
    };
  }
  const audiences = textOf(tags)
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
  if (audiences.length === 0 || !audiences.every((tag) => AUDIENCE.test(tag))) {
    const why = "ACCESS_AUD is not the AUD tag of an Access application, or several of them separated by commas.";
    return { state: "wrong", why };
  }
  const members = readMembers(given);
  if (typeof members === "string") return { state: "wrong", why: `ACCESS_MEMBERS ${members}.` };
  return { state: "on", settings: { issuer: `https://${host.toLowerCase()}`, audiences, members } };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** @returns a sentence if they are wrong: what is wrong, and where. */
function readMembers(given: unknown): readonly AccessMember[] | string {
  // In wrangler.jsonc it is a list. A secret, or a variable of the dashboard, is text.
  const read = typeof given === "string" ? readJson(given) : { ok: true as const, value: given };
  if (!read.ok) return "is not JSON";
  const parsed = Members.safeParse(read.value);
  if (parsed.success) return parsed.data;
  return parsed.error.issues
    .slice(0, 3)
    .map(({ path, message }) => (path.length === 0 ? message : `at ${path.join(".")}: ${message}`))
    .join("; ");
}

/** Write the letters A to Z small, and no others: `toLowerCase()` turns the Kelvin sign into a k, which is another person's letter. */
export function lowerCase(address: string): string {
  return address.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** The first entry that names this person; null if none does, or if it has no scopes. */
export function memberOf(members: readonly AccessMember[], { address, groups }: Identity): AccessMember | null {
  const names = new Set([address, domainOf(address), ...groups.map((group) => `group:${group}`)]);
  return unlessEmpty(members.find(({ who }) => names.has(who)));
}

/** With its `@`. */
function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@"));
}

const PREFIX = "access-";
const DIGEST_BYTES = 8;

/**
 * The id of a person, which is used wherever the id of an API key is. No key's id has a hyphen. It holds a hash of the entry, so that a
 * link or an upload ends with the entry, and a hash of the address, because links are handed to others.
 */
export async function accessIdOf(member: AccessMember, { address }: Identity): Promise<string> {
  return `${PREFIX}${await digestOf(member)}-${await sha256Hex(address, { bytes: DIGEST_BYTES })}`;
}

export function isAccessId(keyId: string): boolean {
  return keyId.startsWith(PREFIX);
}

/**
 * The entry that this id was made from; null if it was removed, has another owner or no scopes now, or if an entry for the person's
 * address comes before it. Whether a group before it names the person, the id does not say.
 */
export async function memberOfId(access: Access, keyId: string): Promise<AccessMember | null> {
  if (access.state !== "on" || !isAccessId(keyId)) return null;
  const [, entry, person] = keyId.split("-");
  for (const member of access.settings.members) {
    if ((await digestOf(member)) === entry) return unlessEmpty(member);
    if ((await sha256Hex(member.who, { bytes: DIGEST_BYTES })) === person) return null;
  }
  return null;
}

/** An entry without scopes refuses the person. It comes before a domain or a group, to lock one of its people out. */
function unlessEmpty(member: AccessMember | undefined): AccessMember | null {
  return member === undefined || member.scopes.length === 0 ? null : member;
}

async function digestOf({ who, ownerId }: AccessMember): Promise<string> {
  return sha256Hex(`${who}\n${ownerId}`, { bytes: DIGEST_BYTES });
}
