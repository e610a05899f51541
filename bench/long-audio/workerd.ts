import { openAsBlob } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { unstable_startWorker as startWorker } from "wrangler";

import type { Asked, Recording, Told } from "./cutter.ts";
import { underTest } from "./finding.ts";
import { inspect } from "./inspector.ts";

process.env["WRANGLER_LOG"] ??= "error";

export interface Cutter {
  readonly recording: Recording;
  readonly ask: (asked: Asked) => Promise<Told>;
  /** MiB that the runtime held at most, over what it held before it was asked anything. */
  readonly peakMb: () => Promise<number>;
  /** MiB that the Worker's own isolate held at the end of any request: without the bucket's simulator. */
  readonly isolateMb: () => number;
}

/**
 * Put a recording into a bucket of its own, for `use` to run the bench Worker on, each time in a fresh workerd.
 * The local runtime does not count the memory behind an ArrayBuffer when it decides whether to collect garbage, so that
 * of hundreds of chunks nothing is freed. With `collects`, garbage is collected after every request, but never within one.
 */
export async function withRecording<T>(
  folder: string,
  path: string,
  run: (use: <R>(options: { collects: boolean }, cut: (cutter: Cutter) => Promise<R>) => Promise<R>) => Promise<T>,
): Promise<T> {
  const store = await mkdtemp(join(folder, "r2-"));
  try {
    const recording = await withRuntime(store, async ({ url }) => {
      const response = await fetch(await url, { method: "PUT", body: await openAsBlob(path) });
      if (!response.ok) throw new Error(`upload: ${await response.text()}`);
      return response.json<Recording>();
    });
    return await run(({ collects }, cut) =>
      withRuntime(store, async (runtime) => {
        const url = await runtime.url;
        const inspectorUrl = await runtime.inspectorUrl;
        if (inspectorUrl === undefined) throw new Error("the runtime has no inspector");
        const inspector = await inspect(inspectorUrl);
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

type Runtime = Awaited<ReturnType<typeof startWorker>>;

async function withRuntime<T>(store: string, run: (runtime: Runtime) => Promise<T>): Promise<T> {
  const config = join(store, "wrangler.json");
  const worker = {
    name: "cutter",
    main: resolve("bench/long-audio/cutter.ts"),
    compatibility_date: "2026-11-01",
    r2_buckets: [{ binding: "MEDIA", bucket_name: "media" }],
  };
  await writeFile(config, JSON.stringify(worker));
  const runtime = await startWorker({
    config,
    dev: { persist: store, watch: false, inspector: { port: 0 }, logLevel: "error", server: { port: 0 } },
  });
  try {
    await runtime.ready;
    return await run(runtime);
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

/** Of the workerd processes that this process has started: the Worker and the bucket are in one, wrangler's proxy in another. */
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
