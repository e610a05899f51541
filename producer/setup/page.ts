// The pages at /setup. They use the style sheet of /docs, and have neither scripts nor inline styles.
import { html } from "hono/html";

export type SetupState = "unset" | "done" | "open";

const MIN_TOKEN_CHARS = 16;

/** Whether there is a token that is long enough not to be guessed. */
export function isUsableToken(token: string | undefined): token is string {
  return token !== undefined && token.length >= MIN_TOKEN_CHARS;
}

/** How to set a token for a deployment. The API sends this text too. */
export const HOW_TO_OPEN = `Set the secret SETUP_TOKEN to at least ${MIN_TOKEN_CHARS} characters (npx wrangler secret put SETUP_TOKEN), or run bin/provision, which also creates the first admin key.`;

export const ALREADY_SET_UP =
  "This deployment already has its first admin key. If the key has expired, run bin/provision, which creates another one. If the key is lost, see docs/security.md.";

/** @param attempt the random text that the form sends with the token. @param refusal why the last token was refused. */
export function setupPage(state: SetupState, attempt: string, refusal?: string) {
  switch (state) {
    case "unset":
      return page(
        html`<p>This deployment has no setup token, so this page cannot create a key.</p>
          <p>${HOW_TO_OPEN}</p>`,
      );
    case "done":
      return page(
        html`<p>${ALREADY_SET_UP}</p>
          <p><a href="/docs">The API</a></p>`,
      );
    case "open":
      return page(
        html`${refusal === undefined ? "" : html`<p role="alert">${refusal}</p>`}
          <form method="post" action="/setup">
            <p><label for="token">Setup token</label></p>
            <input id="token" name="token" type="password" autocomplete="off" required />
            <input name="attempt" type="hidden" value="${attempt}" />
            <button>Create the first admin key</button>
          </form>
          <p>
            The token is the secret SETUP_TOKEN that you set when you deployed. It works once. If no answer comes,
            reload the page that should have shown the key within ten minutes. It then shows the same key.
          </p>`,
      );
  }
}

export function keyPage(key: string) {
  return page(
    html`<p>This is the first admin key. It is shown only once: save it now.</p>
      <pre>${key}</pre>
      <p>Delete the secret now (<code>npx wrangler secret delete SETUP_TOKEN</code>). It is not needed any more.</p>
      <p><a href="/docs">The API</a></p>`,
  );
}

function page(content: ReturnType<typeof html>) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Set up Darkroom</title>
        <link rel="stylesheet" href="/docs.css" />
      </head>
      <body>
        <header><h1>Set up Darkroom</h1></header>
        <main>${content}</main>
      </body>
    </html>`;
}
