// Sign-in, and the parts of the page that each key can see.
import { expect, test } from "vitest";

import { expectAccessible } from "./accessible.ts";
import { KEYS, startProduct } from "./product.ts";

const darkroom = startProduct();

test("the address that npm start prints signs in, and the key leaves the address and its history at once", async () => {
  const { page } = await darkroom.open("/", { key: null });
  await page.goto(`${darkroom.origin()}/#key=${KEYS.operator}`);
  await page.getByRole("banner").waitFor();
  expect(page.url()).toBe(`${darkroom.origin()}/`);
  await page.reload();
  await page.getByRole("banner").waitFor();
});

test("a person signs in by hand; a wrong key says so and stays where it was typed", async () => {
  darkroom.expectErrors(/401/);
  const { page } = await darkroom.open("/", { key: null });
  await expectAccessible(page);
  const field = page.getByLabel("API key");
  await field.fill("dk_operator");
  await page.getByText("A key looks like dk_name_secret").waitFor();
  expect(await page.getByRole("button", { name: "Sign in" }).isDisabled()).toBe(true);
  await field.fill(`dk_operator_${"x".repeat(32)}`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page
    .getByRole("alert")
    .filter({ hasText: "The key does not exist, has expired or has been revoked." })
    .waitFor();
  await page.getByLabel("API key").fill(KEYS.operator);
  await page.keyboard.press("Enter");
  await page.getByRole("banner").waitFor();
});

test("a key is kept only for the tab, unless the person chooses to keep it", async () => {
  const { page, context } = await darkroom.open("/", { key: null });
  await page.getByLabel("API key").fill(KEYS.operator);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("banner").waitFor();
  const other = await context.newPage();
  await other.goto(darkroom.origin());
  await other.getByLabel("API key").waitFor();
  await other.getByLabel("API key").fill(KEYS.operator);
  await other.getByLabel("Remember the key in this browser").check();
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByRole("banner").waitFor();
  const third = await context.newPage();
  await third.goto(darkroom.origin());
  await third.getByRole("banner").waitFor();
  await third.getByRole("button", { name: "Account and appearance" }).click();
  await third.getByRole("button", { name: "Sign out" }).click();
  await third.getByLabel("API key").waitFor();
  expect(await third.evaluate("[sessionStorage.length, localStorage.length]")).toEqual([0, 0]);
});

test("the API documentation opens in a tab of its own, with the key of the tab that it was opened from", async () => {
  const { page, context } = await darkroom.open("/", { key: null });
  await page.getByLabel("API key").fill(KEYS.operator);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Account and appearance" }).click();
  const opened = context.waitForEvent("page");
  await page.getByRole("link", { name: "API documentation" }).click();
  const docs = await opened;
  await docs.locator("#first-try").click();
  await docs.locator("#first-answer").filter({ hasText: "isOperator" }).waitFor();
});

test("if a key is revoked while a person types, the page asks for another, and nothing typed is lost", async () => {
  darkroom.expectErrors(/401/);
  const created = await darkroom.api<{ id: string; key: string }>("/v1/keys", {
    method: "POST",
    body: JSON.stringify({ label: "short-lived", scopes: ["jobs:read", "jobs:write"] }),
  });
  const { page } = await darkroom.open("/", { key: null });
  await page.goto(`${darkroom.origin()}/#key=${created.key}`);
  await page.getByRole("banner").waitFor();
  await page.keyboard.press("n");
  await page.getByRole("link", { name: "Draw a picture" }).click();
  await page.getByLabel("Prompt").fill("a harbour that nobody has seen");
  await darkroom.api(`/v1/keys/${created.id}`, { method: "DELETE" });
  await page.getByRole("button", { name: "Draw" }).click();
  const dialog = page.getByRole("dialog", { name: "Your key is no longer accepted" });
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  expect(await dialog.isVisible()).toBe(true);
  await expectAccessible(page);
  await dialog.getByLabel("API key").fill(KEYS.operator);
  await dialog.getByRole("button", { name: "Continue" }).click();
  await dialog.waitFor({ state: "hidden" });
  expect(await page.getByLabel("Prompt").inputValue()).toBe("a harbour that nobody has seen");
});

test("a key that may only read sees no button that it may not press", async () => {
  const { id } = await darkroom.api<{ id: string }>("/v1/jobs", {
    method: "POST",
    body: JSON.stringify({ kind: "classification", text: "A fine day." }),
  });
  const { page } = await darkroom.open("/", { key: "reader" });
  await page.getByText("Read only").waitFor();
  expect(await page.getByRole("link", { name: "New job" }).count()).toBe(0);
  await page.goto(`${darkroom.origin()}/jobs/${id}`);
  await page.getByRole("heading", { name: "A fine day." }).waitFor();
  await page.getByRole("button", { name: "More actions" }).click();
  expect(await page.getByRole("button", { name: /^(Cancel|Redrive|Delete)/ }).count()).toBe(0);
  await page.goto(`${darkroom.origin()}/new`);
  await page.getByRole("heading", { name: "This key may only read" }).waitFor();
});

test("an address that is not the page's is a problem, and the page has a policy without exceptions", async () => {
  const missing = await fetch(`${darkroom.origin()}/nope`, { headers: { accept: "text/html" } });
  expect([missing.status, missing.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
  const gone = await fetch(`${darkroom.origin()}/assets/nope.js`);
  // The answer comes from the static files, without the Worker.
  expect(gone.status).toBe(404);
  for (const path of ["/", "/jobs/some-job", "/new", "/operate/queues"]) {
    const response = await fetch(darkroom.origin() + path);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect([path, response.status, policy.includes("unsafe"), policy.includes("default-src 'none'")]).toEqual([
      path,
      200,
      false,
      true,
    ]);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  }
});

test("themes: system, light and dark, kept over a reload", async () => {
  const { page } = await darkroom.open("/", { colorScheme: "light" });
  const ground = () => page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
  const light = await ground();
  await page.getByRole("button", { name: "Account and appearance" }).click();
  await page.getByText("Dark", { exact: true }).click();
  const dark = await ground();
  expect(dark).not.toBe(light);
  await page.reload();
  await page.getByRole("banner").waitFor();
  expect(await ground()).toBe(dark);
});

test("a page that loses its connection says so, keeps its content, and continues later", async () => {
  darkroom.expectErrors(/ERR_INTERNET_DISCONNECTED/);
  const { page, context } = await darkroom.open("/new?from=text");
  await page.getByLabel("Text").fill("typed before the tunnel");
  await context.setOffline(true);
  await page.getByRole("button", { name: "Classify" }).click();
  await page.getByRole("alert").filter({ hasText: "Darkroom does not answer" }).waitFor();
  const banner = page.getByText("continues when the connection is back");
  await banner.waitFor();
  await expectAccessible(page);
  expect(await page.getByLabel("Text").inputValue()).toBe("typed before the tunnel");
  await context.setOffline(false);
  await page.getByRole("button", { name: "Classify" }).click();
  await page.getByRole("heading", { level: 1, name: "typed before the tunnel" }).waitFor();
  expect(await banner.count()).toBe(0);
});
