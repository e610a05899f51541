import type { Findings } from "../../shared/db/uploads/findings.ts";
import { accessOf } from "../../shared/keys/access.ts";
import { HOUR_MS } from "../../shared/durations.ts";
import { iso } from "../http/time.ts";
import { s3Of } from "../uploads/presign.ts";
import type { Check } from "./schema.ts";

/** @param url the URL of the request; a relative address of the bucket is resolved against it. */
export function deploymentChecks(env: Env, url: string, findings: Findings): readonly Check[] {
  return [
    presignedUploads(env, url),
    notificationRule(findings),
    vectorize(env),
    setupToken(env),
    access(env),
    settings(env),
  ];
}

function presignedUploads(env: Env, url: string): Check {
  const name = "presigned_uploads";
  if (s3Of(env, url) !== null) {
    const detail = "Uploads of more than 100 MB go directly into the bucket in parts, and can be resumed.";
    return { name, state: "ok", detail, commands: [] };
  }
  const missing = (["R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY", "R2_ENDPOINT"] as const).filter((one) => !env[one]);
  const why =
    missing.length > 0
      ? `The secret${missing.length > 1 ? "s" : ""} ${missing.join(", ")} ${missing.length > 1 ? "are" : "is"} missing`
      : "R2_ENDPOINT does not end with the name of the bucket";
  const detail = `${why}, so a file may have at most 100 MB, and an interrupted upload starts from the beginning. Create a token with Object Read & Write for the bucket under R2 → Manage API tokens.`;
  const commands = (missing.length > 0 ? missing : ["R2_ENDPOINT"]).map((one) => `npx wrangler secret put ${one}`);
  return { name, state: "missing", detail, commands };
}

/** Objects that the rule does not report are found by the sweep, some minutes late. */
function notificationRule({ notifiedAt, sweptAt }: Findings): Check {
  const name = "notification_rule";
  if (notifiedAt === null && sweptAt === null) {
    const detail =
      "No object has been put directly into the bucket yet, so it is not known whether the bucket reports new objects.";
    return { name, state: "unknown", detail, commands: ["bin/provision"] };
  }
  // A notification is recorded once an hour at most, so a sweep within that hour proves nothing.
  if (notifiedAt !== null && (sweptAt === null || sweptAt - notifiedAt < 2 * HOUR_MS)) {
    const detail = `The bucket reports new objects, most recently at ${iso(notifiedAt)}.`;
    return { name, state: "ok", detail, commands: [] };
  }
  const since = notifiedAt === null ? "has never reported an object" : `has not reported one since ${iso(notifiedAt)}`;
  const detail = `The bucket ${since}. The sweep finds uploads minutes late, most recently at ${iso(sweptAt ?? 0)}.`;
  return { name, state: "missing", detail, commands: ["bin/provision"] };
}

function vectorize({ PASSAGES }: Env): Check {
  const name = "vectorize";
  if (PASSAGES !== undefined) {
    return { name, state: "ok", detail: "Search by meaning uses Vectorize.", commands: [] };
  }
  const detail =
    "Vectors of passages are in D1, and each search by meaning reads all vectors of an owner. Uncomment the line 'vectorize' in wrangler.jsonc, then deploy, which creates the index.";
  return { name, state: "missing", detail, commands: ["npm run deploy"] };
}

function setupToken({ SETUP_TOKEN }: Env): Check {
  const name = "setup_token";
  if (!SETUP_TOKEN) return { name, state: "ok", detail: "No setup token is left over.", commands: [] };
  const detail =
    "The secret SETUP_TOKEN still exists. The first admin key has been created, so the token is not needed any more.";
  return { name, state: "missing", detail, commands: ["npx wrangler secret delete SETUP_TOKEN"] };
}

/** A deployment may have it or not: "missing" means only that its variables are wrong. */
function access(env: Env): Check {
  const name = "access";
  const found = accessOf(env);
  switch (found.state) {
    case "off":
      return {
        name,
        state: "ok",
        detail: "It is off: people sign in with API keys. docs/deploying.md says how to switch it on.",
        commands: [],
      };
    case "on": {
      const { issuer, members } = found.settings;
      const entries = `${members.length} ${members.length === 1 ? "entry" : "entries"} of ACCESS_MEMBERS`;
      return { name, state: "ok", detail: `It is on: people of ${issuer} sign in, by ${entries}.`, commands: [] };
    }
    case "wrong": {
      const detail = `Nobody can sign in with it: ${found.why} Correct the variable in wrangler.jsonc, or set the secret of that name again, then deploy.`;
      return { name, state: "missing", detail, commands: ["npm run deploy"] };
    }
  }
}

function settings({ UNREADABLE_SETTINGS = [] }: Env): Check {
  const name = "settings";
  if (UNREADABLE_SETTINGS.length === 0) {
    return { name, state: "ok", detail: "Every setting that is a number can be read.", commands: [] };
  }
  const many = UNREADABLE_SETTINGS.length > 1;
  const detail = `${UNREADABLE_SETTINGS.join(", ")} ${many ? "are not numbers" : "is not a number"} of 0 or more, so the default${many ? "s" : ""} of shared/settings.ts ${many ? "apply" : "applies"}. Correct ${many ? "them" : "it"} under 'vars' in wrangler.jsonc, then deploy.`;
  return { name, state: "missing", detail, commands: ["npm run deploy"] };
}
