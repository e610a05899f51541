// A team whose page is behind Cloudflare Access. Nobody enters a key, and nothing is lost when a session ends.
import type { Route } from "playwright-core";
import { afterAll, beforeEach, expect, test } from "vitest";

import { SCOPES } from "../../shared/keys/scopes.ts";
import { ACCESS_CERTS } from "../access-door.ts";
import { AUDIENCE, startSigner } from "../access-signer.ts";
import { expectAccessible } from "./accessible.ts";
import { KEYS, startProduct } from "./product.ts";

const signer = await startSigner("newsroom");
afterAll(() => signer.stop());

const MEMBERS = [
  { who: "anna@example.com", ownerId: "operator", scopes: SCOPES },
  { who: "@example.com", ownerId: "operator", scopes: ["jobs:read"] },
];
const darkroom = startProduct({
  main: "test/page/guarded-worker.ts",
  vars: {
    ACCESS_TEAM_DOMAIN: signer.domain,
    ACCESS_AUD: AUDIENCE,
    ACCESS_MEMBERS: JSON.stringify(MEMBERS),
    [ACCESS_CERTS]: signer.url,
  },
});

/** The assertion that Access adds to requests; null if Access has let nobody in. */
let assertion: string | null = null;
/** How Access answers a call after the session has ended. */
let ended: "unauthorized" | "elsewhere" = "unauthorized";
beforeEach(() => {
  assertion = null;
  ended = "unauthorized";
});

async function guard(route: Route): Promise<void> {
  const request = route.request();
  if (assertion !== null) {
    return route.continue({ headers: { ...(await request.allHeaders()), "cf-access-jwt-assertion": assertion } });
  }
  if (ended === "unauthorized") {
    // Access answers calls with this header in this way.
    expect(request.headers()["x-requested-with"]).toBe("XMLHttpRequest");
    return route.fulfill({ status: 401, contentType: "text/html", body: "<html>" });
  }
  return route.fulfill({ status: 302, headers: { location: `https://${signer.domain}/cdn-cgi/access/login` } });
}

async function enter(address: string, path = "/") {
  assertion = await signer.sign(address);
  const opened = await darkroom.open("/healthz", { key: null });
  await opened.context.route(`${darkroom.origin()}/**`, guard);
  await opened.page.goto(darkroom.origin() + path);
  return opened;
}

test("a person whom Access lets in is signed in at once, sees their address, and signs out there", async () => {
  const { page } = await enter("anna@example.com");
  await page.getByRole("banner").waitFor();
  expect(await page.evaluate("[sessionStorage.length, localStorage.length]")).toEqual([0, 0]);
  await page.getByRole("button", { name: "Account and appearance" }).click();
  await page.getByText("anna@example.com").waitFor();
  await page.getByText("Signed in with Cloudflare Access").waitFor();
  await expectAccessible(page);
  await page.route("**/cdn-cgi/access/logout", (route) => route.fulfill({ body: "signed out of the team" }));
  await page.getByRole("button", { name: "Sign out of Cloudflare Access" }).click();
  await page.getByText("signed out of the team").waitFor();
});

test("a person may do what their entry allows, and sees no button for more", async () => {
  const { page } = await enter("anna@example.com", "/new?from=text");
  await page.getByLabel("Text").fill("A fine day behind Access.");
  await page.getByRole("button", { name: "Classify" }).click();
  await page.getByRole("heading", { level: 1, name: "A fine day behind Access." }).waitFor();
  const { page: reading } = await enter("ben@example.com");
  await reading.getByText("Read only").waitFor();
  await reading.getByRole("link", { name: "A fine day behind Access." }).waitFor();
  expect(await reading.getByRole("link", { name: "New job" }).count()).toBe(0);
});

for (const how of ["unauthorized", "elsewhere"] as const) {
  test(`a session that ends (${how}) says so, and what was typed is there after the next sign-in`, async () => {
    darkroom.expectErrors(/401|ERR_/);
    const { page } = await enter("anna@example.com", "/new?from=text");
    await page.getByLabel("Text").fill("typed before the evening");
    [assertion, ended] = [null, how];
    await page.getByRole("button", { name: "Classify" }).click();
    const dialog = page.getByRole("dialog", { name: "Your session has ended" });
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    expect(await dialog.isVisible()).toBe(true);
    expect(await dialog.getByRole("link", { name: "Sign in again" }).getAttribute("target")).toBe("_blank");
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Continue", exact: true }).click();
    await dialog.getByRole("button", { name: "Continue", exact: true }).waitFor();
    assertion = await signer.sign("anna@example.com");
    await dialog.getByRole("button", { name: "Continue", exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
    expect(await page.getByLabel("Text").inputValue()).toBe("typed before the evening");
    await page.getByRole("button", { name: "Classify" }).click();
    await page.getByRole("heading", { level: 1, name: "typed before the evening" }).waitFor();
  });
}

test("no cache may keep the page that is marked for people whom Access let through", async () => {
  const read = async (headers: Record<string, string>) => {
    const page = await fetch(darkroom.origin(), { headers });
    const isMarked = (await page.text()).includes("data-behind-access");
    return { isMarked, caching: page.headers.get("cache-control"), hasTag: page.headers.has("etag") };
  };
  const marked = await read({ "cf-access-jwt-assertion": await signer.sign("anna@example.com") });
  expect(marked).toEqual({ isMarked: true, caching: "no-store", hasTag: false });
  // All other callers get the same page, which may be cached and is revalidated.
  expect(await read({})).toEqual({ isMarked: false, caching: "public, max-age=0, must-revalidate", hasTag: true });
});

test("a person without an entry learns whom to ask, and may use a key", async () => {
  darkroom.expectErrors(/403/);
  const { page } = await enter("eve@elsewhere.example");
  await page.getByRole("alert").filter({ hasText: "says that you are eve@elsewhere.example" }).waitFor();
  await page.getByRole("link", { name: "Sign in there as another person" }).waitFor();
  await expectAccessible(page);
  await page.getByLabel("API key").fill(KEYS.reader);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Read only").waitFor();
});

test("a stored key that was revoked does not lock out a person whom Access lets in", async () => {
  darkroom.expectErrors(/401/);
  const { page } = await enter("anna@example.com", "/docs");
  await page.evaluate("sessionStorage.setItem('darkroom.key', 'dk_gone_' + 'g'.repeat(32))");
  await page.goto(darkroom.origin());
  await page.getByRole("banner").waitFor();
  await page.getByRole("button", { name: "Account and appearance" }).click();
  await page.getByText("anna@example.com").waitFor();
});
