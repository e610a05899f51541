// `npm run deploy` to an existing deployment, and to an account that lacks something. Runs minutes of wrangler: `npm run test:long`.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { createProject, expectWhole, keysShown, keysStored, type Project } from "./deploying.ts";
import { FORBIDDEN } from "./platform/route.ts";
import { ACCOUNT_ID, SECOND_ACCOUNT_ID } from "./platform/server.ts";

// A test starts wrangler up to thirty times, and each start takes a second of an idle core. This is a bound, not an expectation.
vi.setConfig({ testTimeout: 1_200_000 });

describe.runIf(process.env["DARKROOM_LONG"])("deploying again, and where something is refused", () => {
  let project: Project;
  beforeAll(async () => {
    project = await createProject();
    await project.account();
    await project.prebuild();
  }, 600_000);
  afterAll(() => project.remove());

  test("a second run changes nothing, and names the key that exists", async () => {
    const darkroom = await project.account();
    const first = await project.deploy(["--origin", "https://app.example.com"]);
    expect(first).toMatchObject({ exitCode: 0 });
    const before = darkroom.snapshot();
    const second = await project.deploy(["--origin", "https://app.example.com"]);
    expect(second).toMatchObject({ exitCode: 0 });
    expect(second.output).not.toContain("warning:");
    expect(keysShown(second)).toEqual([]);
    const [[id] = []] = keysStored(darkroom);
    expect(second.output).toContain(`# there already: an admin key of the operator (dk_${id}_…)`);
    expect(darkroom.snapshot()).toBe(before);
  });

  test("a part that is refused after the Worker runs is a warning with its command, and the next run creates it", async () => {
    const darkroom = await project.account();
    darkroom.refuseWhen((call) => (AFTER_DEPLOY.some((one) => call.startsWith(one)) ? FORBIDDEN : null));
    const refused = await project.deploy(["--origin", "https://app.example.com"]);
    expect(refused).toMatchObject({ exitCode: 0 });
    const bucket = "npx wrangler r2 bucket";
    expect(refused.output.match(/^warning: could not create .*$/gm)?.toSorted()).toEqual([
      expect.stringContaining("the CORS rule of 'darkroom-media'"),
      expect.stringContaining("the notification rule of 'darkroom-media'"),
    ]);
    for (const command of [
      `${bucket} notification create darkroom-media --event-type=object-create --queue=media-uploads --prefix=inbox/`,
      `${bucket} cors set darkroom-media --force --file=.wrangler/r2-cors.json`,
    ]) {
      expect(refused.output).toContain(`To create it by hand: ${command}`);
    }
    expect(refused.output).toContain("maintenance finds uploads by a sweep");

    darkroom.refuseWhen(() => null);
    expect(await project.provision()).toMatchObject({ exitCode: 0 });
    expectWhole(darkroom);
  });

  test("the messages name one after the other what a new account lacks, and created parts stay", async () => {
    const darkroom = await project.account({ plan: "free", isR2On: false, subdomain: null });
    const withoutR2 = await project.deploy();
    expect(withoutR2).toMatchObject({ exitCode: 1 });
    expect(withoutR2.output).toContain("R2 is off for this account. Switch it on in the dashboard");
    expect(withoutR2.output).toContain("Not deployed.");
    expect(darkroom.databases.size).toBe(0);

    darkroom.options.isR2On = true;
    const withoutSubdomain = await project.deploy();
    expect(withoutSubdomain).toMatchObject({ exitCode: 1 });
    expect(withoutSubdomain.output).toContain("The account has no workers.dev subdomain.");

    darkroom.options.subdomain = "acme";
    const onFree = await project.deploy();
    expect(onFree).toMatchObject({ exitCode: 1 });
    expect(onFree.output).toContain("Darkroom needs Workers Paid");
    expect([...darkroom.databases.keys()]).toEqual(["darkroom"]);
  });

  test("a login that may use two accounts is asked to choose one", async () => {
    const darkroom = await project.account({ hasSecondAccount: true });
    const unsure = await project.deploy([], { CLOUDFLARE_ACCOUNT_ID: "" });
    expect(unsure).toMatchObject({ exitCode: 1 });
    expect(unsure.output).toContain(
      `The login may use several accounts: ${ACCOUNT_ID} (Acme), ${SECOND_ACCOUNT_ID} (Second). Set CLOUDFLARE_ACCOUNT_ID to the id`,
    );
    expect(darkroom.calls).toEqual([]);
  });

  test("a key whose answer is lost was shown, and the next run says that it is the one", async () => {
    const darkroom = await project.account();
    expect(await project.deploy([], { CI: "true" })).toMatchObject({ exitCode: 0 });
    const hasKey = () => keysStored(darkroom).length > 0;
    darkroom.loseAnswersOf((call) => /POST .*\/query$/.test(call) && hasKey());
    const interrupted = await project.provision();
    const [[id] = []] = keysStored(darkroom);
    expect(interrupted).toMatchObject({ exitCode: 1, output: expect.stringContaining("warning: could not create") });
    expect(interrupted.output).toContain(
      `If the next run says that dk_${id}_… is there already, the key above is valid.`,
    );
    expect(keysShown(interrupted)).toEqual(keysStored(darkroom));

    darkroom.loseAnswersOf(() => false);
    const again = await project.provision();
    expect(again).toMatchObject({ exitCode: 0 });
    expect(keysShown(again)).toEqual([]);
    expect(again.output).toContain(`# there already: an admin key of the operator (dk_${id}_…)`);
  });
});

/** One of the permissions that the build token of the Deploy button is reported to lack. */
const AFTER_DEPLOY = ["PUT /event_notifications", "PUT /r2/buckets/darkroom-media/cors"];
