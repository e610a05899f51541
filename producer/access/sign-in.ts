// A person who signed in with Cloudflare Access is treated like an API key. The entry of ACCESS_MEMBERS that names the person gives owner
// and scopes, and the assertion says when the session ends.
import type { Key } from "../../shared/db/keys/keys.ts";
import type { Journal } from "../../shared/jobs/journal.ts";
import { accessIdOf, type AccessMember, accessOf, type AccessVars, memberOf } from "../../shared/keys/access.ts";
import type { Problem } from "../http/problem.ts";
import { isFromOwnPage } from "./own-page.ts";
import { ASSERTION_HEADER, type Verified, verifyAssertion } from "./verify-assertion.ts";

/** When the client may try again after the keys could not be read. */
const RETRY_SECONDS = 5;

/**
 * Identify the sender of a request by its assertion.
 * @returns null if the request has no assertion, or if the sign-in with Access is off.
 */
export async function signInByAccess(
  request: Request,
  vars: AccessVars,
  journal: Journal,
): Promise<Key | Problem | null> {
  const assertion = request.headers.get(ASSERTION_HEADER);
  const access = accessOf(vars);
  if (assertion === null || access.state === "off") return null;
  if (access.state === "wrong") {
    const detail = `The sign-in with Cloudflare Access is set up wrongly: ${access.why} The operator must correct it and deploy. Until then, send an API key.`;
    return { code: "unavailable", detail };
  }
  const verified = await verifyAssertion(assertion, access.settings, journal);
  if (verified.type !== "verified") return refusalOf(verified);
  const { identity, issuedAt, expiresAt } = verified;
  const { address } = identity;
  const member = memberOf(access.settings.members, identity);
  if (member === null) {
    const detail = `Cloudflare Access says that you are ${address}, and no entry of ACCESS_MEMBERS gives that address any rights. Ask the operator to add one, or use an API key.`;
    return { code: "not_a_member", detail };
  }
  if (!isFromOwnPage(request)) return CROSS_SITE;
  return asKey(member, { id: await accessIdOf(member, identity), label: address, issuedAt, expiresAt });
}

/** The rights that an entry gives, as a key that is not in the database. */
export function asKey(
  { ownerId, scopes }: AccessMember,
  { id, label, issuedAt, expiresAt }: { id: string; label: string; issuedAt: number; expiresAt: number },
): Key {
  return {
    id,
    ownerId,
    label,
    scopes,
    createdAt: issuedAt,
    expiresAt,
    revokedAt: null,
    maxConcurrentJobs: null,
    maxUploadBytesADay: null,
    uploadLimits: { maxBytes: null, contentTypes: null },
  };
}

function refusalOf(verified: Exclude<Verified, { type: "verified" }>): Problem {
  switch (verified.type) {
    case "expired":
      return SESSION_EXPIRED;
    case "service_token":
      return {
        code: "access_refused",
        detail:
          "This is the assertion of a service token, and only people sign in this way. A program must send an API key as well: 'Authorization: Bearer <key>'.",
      };
    case "refused":
      return {
        code: "access_refused",
        detail: `The assertion of Cloudflare Access is refused: ${verified.why}. Sign out at /cdn-cgi/access/logout and sign in again. If that does not help, the operator must compare ACCESS_TEAM_DOMAIN and ACCESS_AUD with the Access application.`,
      };
    case "unavailable":
      return {
        code: "unavailable",
        detail: `${verified.why} Try again in a moment, or send an API key.`,
        retryAfterSeconds: RETRY_SECONDS,
      };
  }
}

export const SESSION_EXPIRED = {
  code: "access_refused",
  detail: "Your session with Cloudflare Access has expired. Reload the page to sign in again, or send an API key.",
} as const satisfies Problem;

const CROSS_SITE: Problem = {
  code: "cross_site",
  detail:
    "A request that is signed in with Cloudflare Access must come from a page of this address, and the browser does not say that it does. Use the page, send an API key, or send this address in the header 'Origin'.",
};
