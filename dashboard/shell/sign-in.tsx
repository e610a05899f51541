import { useEffect, useState } from "preact/hooks";

import {
  ACCESS_LOGOUT,
  askForKey,
  isBehindAccess,
  keyRefusal,
  ownSelf,
  session,
  signIn,
  signOut,
} from "../api/session.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icon.tsx";
import { Brand } from "./brand.tsx";

/** The whole page before the sign-in. */
export function SignIn() {
  const { value } = session;
  if (value.state === "checking") {
    return (
      <main class="gate">
        <div class="gate-card" role="status">
          <Brand />
          <p class="dim">Signing in …</p>
        </div>
      </main>
    );
  }
  if (value.state === "unreachable") {
    const { key, isKept, why } = value;
    return (
      <main class="gate">
        <div class="gate-card">
          <Brand />
          <h1>Darkroom does not answer</h1>
          <p>{why}</p>
          <div class="actions">
            <button type="button" class="button primary" onClick={() => void signIn(key, { isKept })}>
              Try again
            </button>
            <button type="button" class="button" onClick={askForKey}>
              {key === null ? "Use a key" : "Use another key"}
            </button>
          </div>
        </div>
      </main>
    );
  }
  return (
    <main class="gate">
      <div class="gate-card">
        <Brand />
        <h1>Sign in</h1>
        <p class="dim">
          Use an API key of this deployment. It is kept for this tab only, and sent to this address only.
        </p>
        <KeyForm why={value.state === "out" ? value.why : null} act="Sign in" />
        {isBehindAccess && (
          <p class="gate-help">
            Do you have another address at Cloudflare Access?{" "}
            <a href={ACCESS_LOGOUT}>Sign in there as another person</a>
          </p>
        )}
        <details class="more gate-help">
          <summary>Where do I get a key?</summary>
          <p>
            On your own machine <code>npm start</code> prints an address that signs you in. In production an admin
            creates keys, under Operate → Keys or with <code>darkroom keys create</code>. The first admin key of a new
            deployment is created at <a href="/setup">/setup</a>.
          </p>
        </details>
      </div>
    </main>
  );
}

/** Shown over an open page when its key or session has ended. The page keeps its content. */
export function KeyEndedDialog() {
  const why = keyRefusal.value;
  if (why === null) return null;
  if (ownSelf()?.signedInBy === "access") return <SessionEndedDialog why={why} />;
  return (
    <Dialog title="Your key is no longer accepted" mayClose={false} onClose={() => undefined}>
      <KeyForm why={why} act="Continue" />
      <p>
        <button type="button" class="link" onClick={signOut}>
          Sign out instead
        </button>
      </p>
    </Dialog>
  );
}

/** Access has its own sign-in page. It opens in another tab, and this page continues when the person comes back. */
function SessionEndedDialog({ why }: { why: string }) {
  const [isBusy, setBusy] = useState(false);
  const goOn = () => {
    setBusy(true);
    void signIn(null).finally(() => setBusy(false));
  };
  useEffect(() => {
    addEventListener("focus", goOn);
    return () => removeEventListener("focus", goOn);
  }, []);
  return (
    <Dialog title="Your session has ended" mayClose={false} onClose={() => undefined}>
      <div class="stack">
        <div class="notice" data-tone="bad" role="alert">
          <Icon name="alert" />
          <div class="notice-text">{why}</div>
        </div>
        <div class="actions">
          <a class="button primary" href="/" target="_blank" rel="noreferrer">
            Sign in again
          </a>
          <button type="button" class="button" disabled={isBusy} onClick={goOn}>
            {isBusy ? "Checking …" : "Continue"}
          </button>
        </div>
        <details class="more">
          <summary>Use an API key instead</summary>
          <KeyForm why={null} act="Continue with the key" />
        </details>
      </div>
    </Dialog>
  );
}

function KeyForm({ why, act }: { why: string | null; act: string }) {
  const [key, setKey] = useState("");
  const [isKept, setKept] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const isShaped = /^dk_[a-z0-9]+_[A-Za-z0-9]+$/.test(key.trim());
  async function submit(event: Event) {
    event.preventDefault();
    setBusy(true);
    await signIn(key.trim(), { isKept });
    setBusy(false);
  }
  return (
    <form class="stack" onSubmit={(event) => void submit(event)}>
      {why !== null && (
        <div class="notice" data-tone="bad" role="alert">
          <Icon name="alert" />
          <div class="notice-text">{why}</div>
        </div>
      )}
      <label class="field">
        <span>API key</span>
        <input
          class="input mono"
          type="password"
          autocomplete="off"
          autofocus
          spellcheck={false}
          placeholder="dk_…"
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
          aria-describedby="key-shape"
        />
      </label>
      <span id="key-shape" class="hint">
        {key !== "" && !isShaped ? "A key looks like dk_name_secret. Copy the whole key." : ""}
      </span>
      <label class="check">
        <input type="checkbox" checked={isKept} onChange={(event) => setKept(event.currentTarget.checked)} />
        <span>Remember the key in this browser</span>
      </label>
      <button class="button primary" disabled={!isShaped || isBusy}>
        {isBusy ? "Signing in …" : act}
      </button>
    </form>
  );
}
