// Scripts, versions, deployments, subdomain and crons. Paths and bodies: wrangler 4.164.0 (deploy-helpers/src/deploy/,
// deploy-helpers/src/triggers/) and developers.cloudflare.com/api/resources/workers/. 10007 and 10090 are in wrangler's code
// (deploy-helpers/src/deploy/helpers/error-codes.ts). Reported, not documented: 100328 (github.com/cloudflare/workers-sdk/issues/8756),
// and 10021 for an upload that is refused: for a binding to a database without an id (wrangler's own code) and to a queue without a name
// (github.com/anomalyco/sst/issues/6226). Unverified: the other texts of 10021, among them that a binding to what is not there gets it.
import { type Answer, type Route, match, newId, ok, refusal } from "./route.ts";

export interface Metadata {
  readonly assets?: { readonly jwt: string; readonly config: { readonly run_worker_first?: readonly string[] } };
  readonly main_module: string;
  readonly compatibility_date: string;
  readonly compatibility_flags: readonly string[];
  readonly bindings: readonly Binding[];
  readonly limits?: { readonly cpu_ms: number };
  readonly observability?: unknown;
}

export interface Binding {
  readonly name: string;
  readonly type: string;
  readonly id?: string;
  readonly database_id?: string;
  readonly bucket_name?: string;
  readonly queue_name?: string;
  readonly index_name?: string;
  readonly jurisdiction?: string;
  readonly text?: string;
}

export interface Script {
  readonly metadata: Metadata;
  /** The text of the main module. */
  readonly code: string;
}

export interface WorkersOptions {
  plan: "free" | "paid";
  /** Null if the account does not have one yet. */
  subdomain: string | null;
  /** Whether the resource of a binding exists. */
  readonly isThere: (binding: Binding) => boolean;
}

interface AssetManifest {
  readonly manifest: Readonly<Record<string, { readonly hash: string; readonly size: number }>>;
}

/** Return a token from which wrangler reads an expiry. */
const UPLOAD_JWT = `head.${btoa(JSON.stringify({ exp: 4_000_000_000 }))}.sign`;

const NO_WORKER = refusal(404, 10007, "This Worker does not exist on your account.");

/** @param options can change while it runs, for example when an account gets a plan. */
export function createWorkers(options: WorkersOptions) {
  const scripts = new Map<string, Script>();
  const crons = new Map<string, unknown>();
  const deployed = new Set<string>();
  /** Static assets by their hash, as base64. */
  const assets = new Map<string, string>();

  async function upload(name: string, form: FormData): Promise<Answer | null> {
    const text = form.get("metadata");
    if (typeof text !== "string") return refusal(400, 10021, "The upload has no metadata.");
    const metadata = JSON.parse(text) as Metadata;
    if (options.plan === "free" && metadata.limits?.cpu_ms !== undefined) {
      return refusal(
        400,
        100_328,
        "CPU limits are not supported for the Free plan. Switch to a paid plan at https://dash.cloudflare.com/acc/workers/plans to set CPU limits.",
      );
    }
    // This is strict: it keeps the value of the previous version, or nothing if there was none.
    const earlier = scripts.get(name)?.metadata.bindings ?? [];
    const bindings = metadata.bindings.map((binding) =>
      binding.type === "inherit" ? (earlier.find((one) => one.name === binding.name) ?? binding) : binding,
    );
    if (metadata.assets !== undefined && metadata.assets.jwt !== UPLOAD_JWT) {
      return refusal(400, 10021, "The assets' completion token is not valid.");
    }
    const missing = bindings.find((binding) => binding.type === "inherit" || !options.isThere(binding));
    if (missing !== undefined) return refusal(400, 10021, `Binding '${missing.name}' references what was not found.`);
    const main = form.get(metadata.main_module);
    if (!(main instanceof Blob)) return refusal(400, 10021, `No such module: ${metadata.main_module}`);
    scripts.set(name, { metadata: { ...metadata, bindings }, code: await main.text() });
    return null;
  }

  const route: Route = async ({ method, path, body, contentType }, json) => {
    if (path === "/workers/subdomain") {
      const { subdomain } = options;
      return subdomain === null ? refusal(404, 10007, "No subdomain is registered.") : ok({ subdomain });
    }
    const [service] = match(path, "/workers/services/:name") ?? [];
    if (service !== undefined) {
      if (!scripts.has(service)) return refusal(404, 10090, "This Worker does not exist on your account.");
      const script = { last_deployed_from: "wrangler", tag: "tag" };
      return ok({ id: service, default_environment: { environment: "production", script } });
    }
    const [worker] = match(path, "/workers/workers/:name") ?? [];
    if (worker !== undefined) {
      const enabled = { enabled: deployed.has(worker), previews_enabled: false };
      return ok({ id: worker, name: worker, subdomain: enabled, tail_consumers: [], logpush: false, tags: [] });
    }
    // Files: deploy-helpers/src/deploy/helpers/assets.ts. Unverified: that a session without anything to upload has the final token.
    if (match(path, "/workers/scripts/:name/assets-upload-session") !== null) {
      const { manifest } = json() as unknown as AssetManifest;
      const wanted = Object.values(manifest).flatMap(({ hash }) => (assets.has(hash) ? [] : [hash]));
      return ok({ jwt: UPLOAD_JWT, buckets: wanted.length === 0 ? [] : [wanted] });
    }
    if (path === "/workers/assets/upload") {
      const form = await new Response(body, { headers: { "content-type": contentType } }).formData();
      for (const [hash, file] of form) assets.set(hash, await new Response(file).text());
      return { ...ok({ jwt: UPLOAD_JWT }), status: 201 };
    }
    const [name = "", part] =
      match(path, "/workers/scripts/:name/:part") ?? match(path, "/workers/scripts/:name") ?? [];
    const isUpload = (part === undefined && method === "PUT") || (part === "versions" && method === "POST");
    if (isUpload) {
      const form = await new Response(body, { headers: { "content-type": contentType } }).formData();
      const refused = await upload(name, form);
      const resources = { script: { etag: "etag", handlers: ["fetch", "queue", "scheduled"] } };
      return (
        refused ?? ok({ id: newId(), etag: "etag", startup_time_ms: 20, metadata: { has_preview: false }, resources })
      );
    }
    const script = scripts.get(name);
    if (script === undefined) return NO_WORKER;
    switch (part ?? "") {
      case "secrets":
        return ok([]);
      case "deployments":
        return ok(method === "POST" ? { id: newId() } : { deployments: [] });
      case "subdomain":
        if (method === "POST") deployed.add(name);
        return ok({ enabled: deployed.has(name), previews_enabled: false });
      case "schedules":
        if (method === "PUT") crons.set(name, json());
        return ok({ schedules: crons.get(name) ?? [] });
      case "settings":
        return ok(script.metadata);
      case "script-settings":
        return ok({});
      default:
        return NO_WORKER;
    }
  };
  return { scripts, crons, deployed, assets, route };
}
