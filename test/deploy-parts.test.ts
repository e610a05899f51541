// Options, optional parts, and existing parts that differ from what is needed. Runs minutes of wrangler: `npm run test:long`.
import { afterEach, describe, expect, test, vi } from "vitest";

import { createProject, expectWhole, type Project } from "./deploying.ts";

// A test starts wrangler up to thirty times, and each start takes a second of an idle core. This is a bound, not an expectation.
vi.setConfig({ testTimeout: 1_200_000 });

const withPassages = (config: string) => config.replace('// "vectorize"', '"vectorize"');
const inTheEu = (config: string) =>
  config.replace('"bucket_name": "darkroom-media" }', '"bucket_name": "darkroom-media", "jurisdiction": "eu" }');

describe.runIf(process.env["DARKROOM_LONG"])("parts of the account", () => {
  let project: Project;
  afterEach(() => project.remove());

  test("if Vectorize is configured, its index and metadata indexes are created before the Worker, in the requested location", async () => {
    project = await createProject(withPassages);
    const darkroom = await project.account();
    const first = await project.deploy(["--location", "apac"]);
    expect(first).toMatchObject({ exitCode: 0 });
    expect(first.output).not.toMatch(/warning/i);
    expectWhole(darkroom);
    expect(darkroom.buckets.get("darkroom-media")?.location).toBe("apac");
    expect(darkroom.databases.get("darkroom")?.region).toBe("APAC");
    expect(darkroom.indexes.get("darkroom-passages")).toEqual({
      name: "darkroom-passages",
      config: { dimensions: 1024, metric: "cosine" },
      metadata: ["space", "jobId", "kind"].map((propertyName) => ({ propertyName, indexType: "string" })),
    });
    expect(darkroom.workers.scripts.get("darkroom")?.metadata.bindings).toContainEqual({
      name: "PASSAGES",
      type: "vectorize",
      index_name: "darkroom-passages",
    });

    const before = darkroom.snapshot();
    const second = await project.provision(["--location", "weur"]);
    expect(second).toMatchObject({ exitCode: 0, output: expect.not.stringContaining("warning:") });
    expect(darkroom.snapshot()).toBe(before);
    for (const name of ["the bucket 'darkroom-media'", "the database 'darkroom'"]) {
      expect(second.output).toMatch(
        new RegExp(`# there already: ${name} \\(in apac, not in weur: it cannot be moved\\)`, "i"),
      );
    }
  });

  test("with a jurisdiction, the bucket, the database and the rules are created there, and the Worker is bound to them", async () => {
    project = await createProject(inTheEu);
    const darkroom = await project.account();
    const args = ["--jurisdiction", "eu", "--origin", "https://app.example.com"];
    const first = await project.deploy(args);
    expect(first).toMatchObject({ exitCode: 0 });
    expect(first.output).not.toMatch(/warning/i);
    expect([...darkroom.buckets.keys()]).toEqual(["eu/darkroom-media"]);
    expect(darkroom.databases.get("darkroom")?.jurisdiction).toBe("eu");
    expectWhole(darkroom, "eu/darkroom-media");
    expect(darkroom.buckets.get("eu/darkroom-media")?.cors).not.toBeNull();
    const bindings = darkroom.workers.scripts.get("darkroom")?.metadata.bindings;
    expect(bindings).toContainEqual(expect.objectContaining({ name: "MEDIA", jurisdiction: "eu" }));
    const before = darkroom.snapshot();
    expect(await project.provision(args)).toMatchObject({
      exitCode: 0,
      output: expect.not.stringMatching(/warning:|\+ wrangler r2 bucket/),
    });
    expect(darkroom.snapshot()).toBe(before);

    // With only an option, it would be the Worker's in the default environment.
    const other = await project.deploy(["--jurisdiction", "us"]);
    expect(other).toMatchObject({ exitCode: 1, output: expect.stringContaining('Write "jurisdiction": "us" next to') });
  });

  test("an existing database without the requested jurisdiction is not used", async () => {
    project = await createProject();
    const darkroom = await project.account();
    expect(await project.type("npx wrangler d1 create darkroom --env=")).toMatchObject({ exitCode: 0 });
    await project.remove();
    project = await createProject(inTheEu);
    const account = await project.account();
    account.databases.set("darkroom", darkroom.databases.get("darkroom")!);
    const refused = await project.deploy(["--jurisdiction", "eu"]);
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.output).toContain(
      "warning: the database 'darkroom' is not as it must be: it has no jurisdiction, but 'eu' is requested.",
    );
    expect(refused.output).toContain("Give DB another database_name");
    expect(account.workers.scripts.size).toBe(0);
  });

  test("parts that differ are named with what to do, and once that is done the next run creates them", async () => {
    project = await createProject(withPassages);
    const darkroom = await project.account();
    const passages = "darkroom-passages";
    darkroom.indexes.set(passages, { name: passages, config: { dimensions: 768, metric: "cosine" }, metadata: [] });
    const withWrongIndex = await project.provision();
    expect(withWrongIndex).toMatchObject({ exitCode: 1 });
    expect(withWrongIndex.output).toContain("need 1024 dimensions and the metric 'cosine'; it has 768 and 'cosine'.");
    await followAdvice(withWrongIndex.output, 1);

    const deployed = await project.deploy(["--origin", "https://app.example.com"]);
    expect(deployed).toMatchObject({ exitCode: 0 });
    const index = darkroom.indexes.get(passages)!;
    index.metadata = index.metadata.map((one) =>
      one.propertyName === "jobId" ? { ...one, indexType: "number" } : one,
    );
    const withWrongProperty = await project.provision();
    expect(withWrongProperty).toMatchObject({ exitCode: 1, output: expect.stringContaining("its type is 'number'") });
    await followAdvice(withWrongProperty.output, 1);

    const bucket = darkroom.buckets.get("darkroom-media")!;
    bucket.notifications = bucket.notifications.map(({ queueId, rule }) => ({
      queueId,
      rule: { ...rule, suffix: ".mp3", actions: ["PutObject", "DeleteObject"] },
    }));
    bucket.lifecycle = [abortRule("Default Multipart Abort Rule", "other/", 7), abortRule("hasty", "", 1)];
    bucket.cors = { rules: [{ allowed: { origins: ["*"], methods: ["GET"], headers: [] } }] };
    const differing = await project.provision(["--origin", "https://app.example.com"]);
    expect(differing).toMatchObject({ exitCode: 1 });
    for (const said of [
      /rule \S+ has the suffix '\.mp3' instead of none, does not report CompleteMultipartUpload, CopyObject, also reports DeleteObject\./,
      /the rule 'hasty' aborts uploads after 1 days, but URLs for their parts are valid for 6\./,
      /other rules \(GET for \*\), which setting Darkroom's would replace\./,
    ]) {
      expect(differing.output).toMatch(said);
    }
    expect(bucket.cors).toMatchObject({ rules: [{ allowed: { methods: ["GET"] } }] });
    await followAdvice(differing.output, 3);

    const mended = await project.provision(["--origin", "https://app.example.com"]);
    expect(mended).toMatchObject({ exitCode: 0, output: expect.not.stringContaining("warning:") });
    expectWhole(darkroom);
    expect(bucket.lifecycle).toContainEqual(
      expect.objectContaining({ id: "abort-unfinished-uploads", enabled: true, conditions: {} }),
    );
    expect(bucket.cors).toMatchObject({ rules: [{ allowed: { methods: ["PUT"] } }] });
    expect(index.metadata.map(({ indexType }) => indexType)).toEqual(["string", "string", "string"]);
  });

  /** Run the commands that a run printed for parts that differ. */
  async function followAdvice(output: string, count: number): Promise<void> {
    const commands = output.match(/npx wrangler [^;)\n]*--env=/g) ?? [];
    expect(commands).toHaveLength(count);
    for (const command of commands) expect(await project.type(command)).toMatchObject({ exitCode: 0 });
  }
});

function abortRule(id: string, prefix: string, days: number) {
  const condition = { type: "Age", maxAge: days * 86_400 };
  return { id, enabled: true, conditions: { prefix }, abortMultipartUploadsTransition: { condition } };
}
