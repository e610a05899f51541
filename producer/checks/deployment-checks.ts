import type { Findings } from "../../shared/db/uploads/findings.ts";
import { HOUR_MS } from "../../shared/durations.ts";
import { iso } from "../http/time.ts";
import { s3Of } from "../uploads/presign.ts";
import type { Check } from "./schema.ts";

/** @param url of the request, which a local address of the bucket is relative to. */
export function deploymentChecks(env: Env, url: string, findings: Findings): readonly Check[] {
  return [presignedUploads(env, url), notificationRule(findings), vectorize(env), setupToken(env)];
}

function presignedUploads(env: Env, url: string): Check {
  const name = "presigned_uploads";
  if (s3Of(env, url) !== null) {
    const detail = "Uploads of more than 100 MB go in parts straight into the bucket, and can be resumed.";
    return { name, state: "ok", detail, commands: [] };
  }
  const missing = (["R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY", "R2_ENDPOINT"] as const).filter((one) => !env[one]);
  const why =
    missing.length > 0
      ? `The secret${missing.length > 1 ? "s" : ""} ${missing.join(", ")} ${missing.length > 1 ? "are" : "is"} missing`
      : "R2_ENDPOINT does not end with the name of the bucket";
  const detail = `${why}, so a file may have 100 MB at most and an upload that breaks off begins anew. Make a token with Object Read & Write for the bucket under R2 → Manage API tokens.`;
  const commands = (missing.length > 0 ? missing : ["R2_ENDPOINT"]).map((one) => `npx wrangler secret put ${one}`);
  return { name, state: "missing", detail, commands };
}

/** The sweep finds what the rule does not tell of, some minutes late. */
function notificationRule({ notifiedAt, sweptAt }: Findings): Check {
  const name = "notification_rule";
  if (notifiedAt === null && sweptAt === null) {
    const detail = "No object was put straight into the bucket yet, so nobody knows whether the bucket tells of it.";
    return { name, state: "unknown", detail, commands: ["bin/provision"] };
  }
  // A delivery is noted once an hour: a sweep within that hour says nothing.
  if (notifiedAt !== null && (sweptAt === null || sweptAt - notifiedAt < 2 * HOUR_MS)) {
    const detail = `The bucket tells of its objects: at the latest at ${iso(notifiedAt)}.`;
    return { name, state: "ok", detail, commands: [] };
  }
  const since = notifiedAt === null ? "has never told of an object" : `has told of none since ${iso(notifiedAt)}`;
  const detail = `The bucket ${since}. The sweep finds uploads, minutes late, the last at ${iso(sweptAt ?? 0)}.`;
  return { name, state: "missing", detail, commands: ["bin/provision"] };
}

function vectorize({ PASSAGES }: Env): Check {
  const name = "vectorize";
  if (PASSAGES !== undefined) {
    return { name, state: "ok", detail: "The search by meaning asks Vectorize.", commands: [] };
  }
  const detail =
    "Vectors of passages are in D1, which reads all of an owner's for each search by meaning. Uncomment the line 'vectorize' in wrangler.jsonc, then deploy: that makes the index.";
  return { name, state: "missing", detail, commands: ["npm run deploy"] };
}

function setupToken({ SETUP_TOKEN }: Env): Check {
  const name = "setup_token";
  if (!SETUP_TOKEN) return { name, state: "ok", detail: "No setup token is left over.", commands: [] };
  const detail = "The secret SETUP_TOKEN is still there. It has made the first admin key and opens nothing any more.";
  return { name, state: "missing", detail, commands: ["npx wrangler secret delete SETUP_TOKEN"] };
}
