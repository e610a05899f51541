import { put, refusedPut, smallText, unlessUnsigned } from "../bucket.ts";
import { type Check, type Finding, Failure, pass, skip, type Smoke } from "../check.ts";

/** RFC 2606 reserves `.invalid`, so nobody can have a page there. */
const STRANGER = "https://darkroom-smoke.invalid";

/** Whether the API lets pages of any site call it. */
export const browserStrangers: Check = {
  name: "browser-strangers",
  async run(smoke) {
    const allowed = await preflightApi(smoke, STRANGER);
    if (allowed.origin === STRANGER || allowed.origin === "*") {
      throw new Failure(
        "Pages of any site may call the API from a browser.",
        "Name only your own sites in CORS_ORIGINS, and deploy.",
      );
    }
    return pass("Calls from sites that CORS_ORIGINS does not name are refused.");
  },
};

const work = smallText();

/** Whether a page of `DARKROOM_ORIGIN` may call the API and send parts to the bucket. */
export const browserPages: Check = {
  name: "browser-pages",
  work: [work],
  async run(smoke) {
    const { origin } = smoke;
    if (origin === undefined) {
      return skip(
        "No site is given whose pages should have access.",
        "Run DARKROOM_ORIGIN=https://app.example.com npm run smoke.",
      );
    }
    const api = await preflightApi(smoke, origin);
    if (api.origin !== origin) {
      throw new Failure(
        `The API refuses calls from pages of ${origin}.`,
        `Add ${origin} to the var CORS_ORIGINS and deploy.`,
      );
    }
    return unlessUnsigned(() => sendPart(smoke, origin));
  },
};

async function sendPart(smoke: Smoke, origin: string): Promise<Finding> {
  const todo = `bin/provision --origin ${origin} writes the bucket's rules.`;
  // A multipart upload, so that nothing is left in the bucket when it is aborted.
  const ticket = await smoke.announce(work, { method: "multipart" });
  const url = ticket.parts?.[0]?.url ?? "";
  const names = Object.keys(ticket.headers);
  const bucket = await preflight(smoke, url, { origin, method: "PUT", headers: [...names, "content-type"] });
  const isLetIn = bucket.origin === origin || bucket.origin === "*";
  if (!isLetIn || !bucket.methods.includes("put")) {
    throw new Failure(`The bucket refuses uploads from pages of ${origin}.`, todo);
  }
  const refused = bucket.headers.includes("*") ? undefined : names.find((name) => !bucket.headers.includes(name));
  if (refused !== undefined) throw new Failure(`The bucket's rules do not let pages send the header ${refused}.`, todo);
  const stored = await put(smoke, url, { body: work.file(smoke.media), headers: { ...ticket.headers, origin } });
  if (!stored.ok) throw refusedPut("a part from a page", ticket, stored);
  const exposed = listOf(stored.headers.get("access-control-expose-headers"));
  if (!exposed.includes("etag") && !exposed.includes("*")) {
    throw new Failure("The bucket's rules hide ETag from pages, so they cannot complete a multipart upload.", todo);
  }
  return pass(`Pages of ${origin} may call the API, send parts to the bucket and read their ETag.`);
}

interface Allowed {
  readonly origin: string | null;
  readonly methods: readonly string[];
  readonly headers: readonly string[];
}

async function preflightApi(smoke: Smoke, origin: string): Promise<Allowed> {
  return preflight(smoke, `${smoke.baseUrl}/v1/jobs`, { origin, method: "POST", headers: ["authorization"] });
}

/** Send the preflight request that a browser sends before a call. */
async function preflight(
  { fetch }: Smoke,
  url: string,
  { origin, method, headers }: { origin: string; method: string; headers: readonly string[] },
): Promise<Allowed> {
  const response = await fetch(url, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": method,
      "access-control-request-headers": headers.toSorted().join(","),
    },
  });
  await response.body?.cancel();
  return {
    origin: response.headers.get("access-control-allow-origin"),
    methods: listOf(response.headers.get("access-control-allow-methods")),
    headers: listOf(response.headers.get("access-control-allow-headers")),
  };
}

function listOf(header: string | null): readonly string[] {
  return (header ?? "").split(",").map((name) => name.trim().toLowerCase());
}
