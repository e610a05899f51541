// Settings that wrangler.jsonc may leave out. Each has its default here, so that a fresh deployment asks for none. A var of the
// same name, in `wrangler.jsonc` or from `wrangler deploy --var`, replaces it.

/** The models that stand in, in order, for a model that has no capacity, was withdrawn or may not be used by this account. */
export type Fallbacks = Readonly<Record<string, readonly string[]>>;

declare global {
  /** Merged with what `wrangler types` writes: settings, and bindings that exist only where they are configured. */
  interface Env {
    /** The owner of everything that has no other: objects put straight into the bucket, unreadable messages. */
    readonly OPERATOR_ID: string;
    readonly RETENTION_DAYS: string;
    /** How long Darkroom remembers an object of the inbox. The sweep ignores objects that were stored earlier. */
    readonly UPLOAD_DAYS: string;
    /** How long the audit log is kept. */
    readonly AUDIT_DAYS: string;
    /** How long an ended job stays whole in D1 before it is archived in the bucket; "0" for as long as it is kept. */
    readonly ARCHIVE_AFTER_DAYS: string;
    /** How long a message may take before maintenance wakes its task again, or creates the job of an object itself. */
    readonly WAKE_GRACE_SECONDS: string;
    /** "true" to stay within the platform's limits of calls a minute. */
    readonly KEEP_MODEL_RATES: string;
    /** "true" if webhooks may go to plain http and to any host. */
    readonly ALLOW_INSECURE_WEBHOOKS: string;
    /** The origins whose pages may call the API from a browser, comma separated. */
    readonly CORS_ORIGINS: string;
    /** Every call to a model goes through this AI Gateway; empty for none. */
    readonly AI_GATEWAY_ID: string;
    /** How long the gateway answers an identical request from its cache; 0 for never. */
    readonly AI_GATEWAY_CACHE_SECONDS: string;
    /** Not used for a model that a client named, or if the other model does not take the job's options. */
    readonly MODEL_FALLBACKS: Fallbacks;
    /** Names of models in OpenAI's dialect besides the default ones: an object in wrangler.jsonc, or its JSON (producer/openai/model-names.ts). */
    readonly OPENAI_MODELS: string | Readonly<Record<string, string | null>>;
    /** "true" if OpenAI's dialect accepts parameters that it cannot fulfil, and only names them in a header. */
    readonly OPENAI_LENIENT: string;
    /** The index of passages' vectors; without it they are in D1. */
    readonly PASSAGES?: VectorizeIndex;
    /** Converts HEIC and AVIF; without it such pictures are refused. */
    readonly IMAGES?: ImagesBinding;
    /** The journal's points; without it the journal has only lines. */
    readonly EVENTS?: AnalyticsEngineDataset;
    /** The id of the request that is being answered: the producer sets it for each (producer/http/request-id.ts). */
    readonly REQUEST_ID?: string;
    /** The keys that sign presigned URLs, and the bucket's address for S3 clients: its last segment is the bucket. */
    readonly R2_ACCESS_KEY_ID?: string;
    readonly R2_SECRET_ACCESS_KEY?: string;
    readonly R2_ENDPOINT?: string;
    /** "false" to sign no copy condition: for a bucket that refuses presigned PUTs because of it. */
    readonly R2_COPY_CONDITION?: string;
    /** The people who may sign in with Cloudflare Access (shared/keys/access.ts): the team's domain, AUD tags, and a list or its JSON. */
    readonly ACCESS_TEAM_DOMAIN: string;
    readonly ACCESS_AUD: string;
    readonly ACCESS_MEMBERS: string | readonly unknown[];
    /** The settings whose values could not be read. Their defaults count instead. */
    readonly UNREADABLE_SETTINGS?: readonly string[];
    /** The password that `/setup` exchanges for the first admin key, once. */
    readonly SETUP_TOKEN?: string;
  }
}

export const DEFAULT_SETTINGS = {
  OPERATOR_ID: "operator",
  RETENTION_DAYS: "30",
  UPLOAD_DAYS: "90",
  AUDIT_DAYS: "400",
  ARCHIVE_AFTER_DAYS: "2",
  WAKE_GRACE_SECONDS: "300",
  KEEP_MODEL_RATES: "true",
  ALLOW_INSECURE_WEBHOOKS: "false",
  CORS_ORIGINS: "",
  ACCESS_TEAM_DOMAIN: "",
  ACCESS_AUD: "",
  ACCESS_MEMBERS: "",
  AI_GATEWAY_ID: "",
  AI_GATEWAY_CACHE_SECONDS: "0",
  OPENAI_MODELS: "",
  OPENAI_LENIENT: "false",
  MODEL_FALLBACKS: {
    "@cf/openai/whisper-large-v3-turbo": ["@cf/openai/whisper"],
    "@cf/black-forest-labs/flux-2-klein-9b": [
      "@cf/black-forest-labs/flux-2-klein-4b",
      "@cf/black-forest-labs/flux-1-schnell",
    ],
    "@cf/black-forest-labs/flux-2-klein-4b": ["@cf/black-forest-labs/flux-1-schnell"],
    "@cf/ibm-granite/granite-4.0-h-micro": ["@cf/meta/llama-3.2-3b-instruct"],
  },
} as const satisfies Partial<Env>;

/** The settings that are numbers of 0 or more. */
const NUMBERS = [
  "RETENTION_DAYS",
  "UPLOAD_DAYS",
  "AUDIT_DAYS",
  "ARCHIVE_AFTER_DAYS",
  "WAKE_GRACE_SECONDS",
  "AI_GATEWAY_CACHE_SECONDS",
] as const;

/** Settings that are left out have their defaults, and so do numbers that cannot be read, which `/v1/checks` names. */
export function withDefaults(env: Env): Env {
  const given = { ...DEFAULT_SETTINGS, ...env };
  const unreadable = NUMBERS.filter((name) => !/^\d+(\.\d+)?$/.test(given[name].trim()));
  const defaults = Object.fromEntries(unreadable.map((name) => [name, DEFAULT_SETTINGS[name]]));
  return { ...given, ...defaults, UNREADABLE_SETTINGS: unreadable };
}
