import { execFile } from "node:child_process";
import { openAsBlob } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { Miniflare } from "miniflare";

import type { Asked, Recording, Told } from "./cutter.ts";
import { underTest } from "./finding.ts";
import { inspect } from "./inspector.ts";

export interface Cutter {
  readonly recording: Recording;
  readonly ask: (asked: Asked) => Promise<Told>;
  /** The most MiB that the runtime held, above what it held before the first request. */
  readonly peakMb: () => Promise<number>;
  /** The most MiB that the Worker's own isolate held at the end of a request, without the bucket's simulator. */
  readonly isolateMb: () => number;
}

const COMPATIBILITY_DATE = "2026-11-01";

/**
 * Put a recording into its own bucket and pass `use` a function that runs the bench Worker on it, each time in a new workerd.
 * When the local runtime decides whether to collect garbage, it does not count the memory behind an ArrayBuffer, so that of
 * hundreds of chunks is never freed. With `collects`, garbage of the Worker and of the bucket's simulator is collected after every
 * request, but never within one.
 */
export async function withRecording<T>(
  folder: string,
  path: string,
  run: (use: <R>(options: { collects: boolean }, cut: (cutter: Cutter) => Promise<R>) => Promise<R>) => Promise<T>,
): Promise<T> {
  const store = await mkdtemp(join(folder, "r2-"));
  try {
    const script = await bundle(store);
    const recording = await withRuntime(store, script, async (_, url) => {
      const response = await fetch(url, { method: "PUT", body: await openAsBlob(path) });
      if (!response.ok) throw new Error(`upload: ${await response.text()}`);
      return response.json<Recording>();
    });
    return await run(({ collects }, cut) =>
      withRuntime(store, script, async (runtime, url) => {
        const inspector = await inspect(await runtime.getInspectorURL());
        let isolateMb = 0;
        const ask = async (asked: Asked): Promise<Told> => {
          const told = await askWorker(url, asked);
          isolateMb = Math.max(isolateMb, await inspector.heldMb());
          if (collects) await inspector.collectGarbage(() => askWorker(url, { verb: "rest" }));
          return told;
        };
        try {
          await ask({ verb: "rest" });
          const idleKb = await memoryKb("VmRSS");
          const peakMb = async () => ((await memoryKb("VmHWM")) - idleKb) / 1024;
          return await cut({ recording, ask, peakMb, isolateMb: () => isolateMb });
        } finally {
          inspector.close();
        }
      }),
    );
  } finally {
    await rm(store, { recursive: true });
  }
}

async function bundle(folder: string): Promise<string> {
  const options = ["--dry-run", "--env=", "--outdir", folder, "--compatibility-date", COMPATIBILITY_DATE];
  await promisify(execFile)("node_modules/.bin/wrangler", ["deploy", "bench/long-audio/cutter.ts", ...options]);
  return readFile(join(folder, "cutter.js"), "utf8");
}

/** Start workerd without wrangler, whose proxies and trace collector take memory of their own. */
async function withRuntime<T>(
  store: string,
  script: string,
  run: (runtime: Miniflare, url: URL) => Promise<T>,
): Promise<T> {
  const runtime = new Miniflare({
    inspectorPort: 0,
    resourcePersistencePath: store,
    workers: [
      {
        config: {
          name: "cutter",
          compatibilityDate: COMPATIBILITY_DATE,
          manifest: {
            mainModule: "cutter.mjs",
            modulesRoot: store,
            modules: { "cutter.mjs": { type: "esm", contents: script } },
          },
          env: { MEDIA: { type: "r2", name: "media" } },
        },
      },
    ],
  });
  try {
    return await run(runtime, await runtime.ready);
  } finally {
    await runtime.dispose();
  }
}

async function askWorker(url: URL, asked: Asked): Promise<Told> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(asked) });
  const text = await response.text();
  return underTest(asked.verb, async () => {
    if (!response.ok) throw new Error(text.slice(0, 500));
    return JSON.parse(text) as Told;
  });
}

/** The memory of the workerd that this process started: the Worker and the bucket's simulator. */
export async function memoryKb(field: "VmRSS" | "VmHWM"): Promise<number> {
  let sum = 0;
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const status = await readFile(`/proc/${entry}/status`, "utf8").catch(() => "");
    const [, name] = /^Name:\t(.*)$/m.exec(status) ?? [];
    const [, parent] = /^PPid:\t(\d+)$/m.exec(status) ?? [];
    const [, kb] = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status) ?? [];
    if (name === "workerd" && parent === String(process.pid)) sum += Number(kb ?? 0);
  }
  if (sum === 0) throw new Error("no workerd among this process's children");
  return sum;
}
