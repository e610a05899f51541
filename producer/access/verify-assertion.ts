// Cloudflare Access adds an assertion to each request that it lets through: a JWT in the header `Cf-Access-Jwt-Assertion`.
//
// From Cloudflare's pages "Application token" and "Validate JWTs" (June and May 2026): signed by RS256; `iss` is the team's address;
// `aud` lists the AUD tag of the Access application; the identity provider has verified `email`. A service token has an empty `sub`, and
// its id in `common_name`. Groups are in `custom.groups`, if the identity provider is set up to pass the claim `groups`. Access leaves
// claims out if the token would not fit into a cookie.
import { errors, jwtVerify } from "jose";
import * as z from "zod";

import { boundedText } from "../../shared/input/bounded-text.ts";
import type { Journal } from "../../shared/jobs/journal.ts";
import { type AccessSettings, type Identity, lowerCase } from "../../shared/keys/access.ts";
import { CertsUnavailable, keysOfTeam } from "./certs.ts";

export const ASSERTION_HEADER = "cf-access-jwt-assertion";

/** Access keeps the same token in a cookie, which has at most 4,096. */
const MAX_ASSERTION_CHARS = 16_384;

export type Verified =
  | { readonly type: "verified"; readonly identity: Identity; readonly issuedAt: number; readonly expiresAt: number }
  | { readonly type: "expired" }
  /** It names a program and not a person. */
  | { readonly type: "service_token" }
  | { readonly type: "refused"; readonly why: string }
  | { readonly type: "unavailable"; readonly why: string };

/** Times are in seconds. An address must not have a colon, because `group:` begins the name of a group in `ACCESS_MEMBERS`. */
const Claims = z.object({
  email: boundedText({ max: 320, pattern: [/^[^\s@:]+@[^\s@:]+$/, "is not an address"] }),
  iat: z.number(),
  exp: z.number(),
  custom: z
    .object({ groups: z.union([boundedText({ max: MAX_ASSERTION_CHARS }), z.array(z.unknown())]).catch([]) })
    .catch({ groups: [] }),
});

const ServiceToken = z.object({ common_name: boundedText({ max: 1000, min: 1 }), email: z.undefined().optional() });

/** Check an assertion with the keys of the team. Times in the result are epoch milliseconds. */
export async function verifyAssertion(
  assertion: string,
  { issuer, audiences }: AccessSettings,
  journal: Journal,
): Promise<Verified> {
  if (assertion.length > MAX_ASSERTION_CHARS) return { type: "refused", why: "it is too long" };
  try {
    const { payload } = await jwtVerify(assertion, keysOfTeam(issuer, journal), {
      algorithms: ["RS256"],
      issuer,
      audience: [...audiences],
      requiredClaims: ["exp", "iat"],
    });
    return readClaims(payload);
  } catch (error) {
    if (error instanceof CertsUnavailable) return { type: "unavailable", why: error.message };
    if (error instanceof errors.JWTExpired) return { type: "expired" };
    if (error instanceof errors.JOSEError) return { type: "refused", why: whyRefused(error) };
    throw error;
  }
}

function readClaims(payload: unknown): Verified {
  if (ServiceToken.safeParse(payload).success) return { type: "service_token" };
  const claims = Claims.safeParse(payload);
  if (!claims.success) return { type: "refused", why: "it names no address" };
  const { email, iat, exp, custom } = claims.data;
  const groups = [custom.groups].flat().filter((group) => typeof group === "string");
  return {
    type: "verified",
    identity: { address: lowerCase(email), groups },
    issuedAt: iat * 1000,
    expiresAt: exp * 1000,
  };
}

function whyRefused(error: errors.JOSEError): string {
  if (error instanceof errors.JWTClaimValidationFailed) {
    switch (error.claim) {
      case "aud":
        return "it is for another Access application than ACCESS_AUD names";
      case "iss":
        return "it was issued for another team than ACCESS_TEAM_DOMAIN names";
      case "nbf":
        return "it is not valid yet";
      default:
        return `its claim '${error.claim}' is missing or wrong`;
    }
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return "it is not signed by RS256";
  if (error instanceof errors.JWKSNoMatchingKey) return "it is signed with a key that the team does not publish";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is wrong";
  return "it is not a signed token";
}
