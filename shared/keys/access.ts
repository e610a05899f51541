// Who may sign in with Cloudflare Access, and with which rights. Three variables say so: either all are set, or none. Nothing is stored in
// D1, so a change takes effect with the next deployment, also for links and uploads that were made before.
import * as z from "zod";

import { sha256Hex } from "../hash.ts";
import { boundedText } from "../input/bounded-text.ts";
import { readJson } from "../input/read-json.ts";
import { ACCOUNT, OwnerId } from "./owner-id.ts";
import { SCOPES, type Scope } from "./scopes.ts";

/** The person whom an assertion of Cloudflare Access names. */
export interface Identity {
  /** In lower case. */
  readonly address: string;
  readonly groups: readonly string[];
}

/** An entry of `ACCESS_MEMBERS`: whom it names, and what they may do for which owner. */
export interface AccessMember {
  /** An address, an address domain with its `@`, or `group:` and a group's name. */
  readonly who: string;
  readonly ownerId: string;
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

export type AccessVars = Pick<Env, "ACCESS_TEAM_DOMAIN" | "ACCESS_AUD" | "ACCESS_MEMBERS">;

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
      }).transform((who) => (who.startsWith("group:") ? who : who.toLowerCase())),
      ownerId: OwnerId.refine((ownerId) => ownerId !== ACCOUNT, "is the name of the whole account"),
      scopes: z.array(z.enum(SCOPES)).min(1, "names no scope"),
    }),
  )
  .min(1, "names nobody")
  .max(MAX_MEMBERS, `has more than ${MAX_MEMBERS} entries`);

/** Read the variables. */
export function accessOf({ ACCESS_TEAM_DOMAIN: domain, ACCESS_AUD: tags, ACCESS_MEMBERS: given }: AccessVars): Access {
  const isNobody = given.length === 0;
  if (domain === "" && tags === "" && isNobody) return { state: "off" };
  const [, host] = TEAM_DOMAIN.exec(domain) ?? [];
  if (host === undefined) {
    return {
      state: "wrong",
      why: "ACCESS_TEAM_DOMAIN is not the domain of a team, such as example.cloudflareaccess.com.",
    };
  }
  const audiences = tags
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
  if (audiences.length === 0 || !audiences.every((tag) => AUDIENCE.test(tag))) {
    const why = "ACCESS_AUD is not the AUD tag of an Access application, or several of them with commas between.";
    return { state: "wrong", why };
  }
  const members = readMembers(given);
  if (typeof members === "string") return { state: "wrong", why: `ACCESS_MEMBERS ${members}.` };
  return { state: "on", settings: { issuer: `https://${host.toLowerCase()}`, audiences, members } };
}

/** @returns a sentence if they are wrong: what is wrong, and where. */
function readMembers(given: Env["ACCESS_MEMBERS"]): readonly AccessMember[] | string {
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

/** The first entry that names this person; null if none does. */
export function memberOf(members: readonly AccessMember[], { address, groups }: Identity): AccessMember | null {
  const domain = address.slice(address.lastIndexOf("@"));
  const names = new Set([address, domain, ...groups.map((group) => `group:${group}`)]);
  return members.find(({ who }) => names.has(who)) ?? null;
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

/** The entry that this id was made from; null if it was removed, or has another owner now. */
export async function memberOfId(access: Access, keyId: string): Promise<AccessMember | null> {
  if (access.state !== "on" || !isAccessId(keyId)) return null;
  const [, entry] = keyId.split("-");
  for (const member of access.settings.members) if ((await digestOf(member)) === entry) return member;
  return null;
}

async function digestOf({ who, ownerId }: AccessMember): Promise<string> {
  return sha256Hex(`${who}\n${ownerId}`, { bytes: DIGEST_BYTES });
}
