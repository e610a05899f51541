// The secrets of local development, as wrangler.jsonc and local/dev-key.sql have them. They are public.

/** The API key that `npm start` prints. */
export const LOCAL_KEY = "dk_local_localdevelopmentonly0123456789ab";

/** The secrets by the names of their variables. */
const LOCAL_SECRETS = {
  R2_ACCESS_KEY_ID: "local",
  R2_SECRET_ACCESS_KEY: "local-secret",
} as const;

/** Return the variables that hold a secret of local development. */
export function localSecretsOf(env: Partial<Record<keyof typeof LOCAL_SECRETS, string>>): readonly string[] {
  return Object.entries(LOCAL_SECRETS).flatMap(([name, secret]) =>
    env[name as keyof typeof LOCAL_SECRETS] === secret ? [name] : [],
  );
}

/** Return whether a host, as `URL` writes it, is this machine: `localhost`, a name under it, 127.0.0.0/8 or `[::1]`. */
export function isLocalhost(hostname: string): boolean {
  return /^(?:(?:[^.]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i.test(hostname);
}
