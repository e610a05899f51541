// What each generated client has to do. Its own file says how it calls; this one says what must come back.
import { readFile } from "node:fs/promises";

/** The calls of one client, typed by what its generator made of the document. A refused call throws its problem's code. */
export interface Calls {
  submit: (text: string) => Promise<{ readonly id: string }>;
  upload: (file: Blob, name: string) => Promise<{ readonly id: string }>;
  read: (id: string) => Promise<{ readonly state: string }>;
  /** As JSON. The same operation also answers text and captions. */
  transcript: (id: string) => Promise<string | { readonly text: string }>;
  list: () => Promise<readonly { readonly id: string }[]>;
  estimate: (prompt: string) => Promise<{ readonly estimate: { readonly neurons: number } | null }>;
  /** Submit a job whose source does not exist, and return the code of the problem. */
  refused: (source: string) => Promise<string>;
}

export const ORIGIN = process.env["DARKROOM_URL"] ?? "";
export const KEY = process.env["DARKROOM_KEY"] ?? "";

/** Run the steps and print a line of JSON for each: its name, and why it failed, or null. */
export async function smoke(calls: Calls): Promise<void> {
  const wav = new Blob([await readFile("recording.wav")], { type: "audio/wav" });
  const words = (await readFile("recording.txt", "utf8")).trim();
  let submitted = "";
  let uploaded = "";
  const steps: Record<string, () => Promise<void>> = {
    submit: async () => {
      submitted = (await calls.submit("a lovely day")).id;
      expect(submitted.startsWith("job_"), `the id is '${submitted}'`);
    },
    wait: async () => ended(calls, submitted),
    upload: async () => {
      // The generators take no question mark for a letter, and no letter for a control character.
      uploaded = (await calls.upload(wav, "speech picnic pc.wav")).id;
      await ended(calls, uploaded);
    },
    "read the result": async () => {
      const transcript = await calls.transcript(uploaded);
      if (typeof transcript === "string") throw new Error("it is no JSON");
      expect(transcript.text.includes(words), `it says '${transcript.text}'`);
    },
    list: async () => {
      const ids = (await calls.list()).map(({ id }) => id);
      expect(ids.includes(submitted) && ids.includes(uploaded), `it lists ${ids.join(", ")}`);
    },
    estimate: async () => {
      const { estimate } = await calls.estimate("a harbour");
      expect(estimate !== null && estimate.neurons > 0, "it has no price");
    },
    error: async () => {
      const code = await calls.refused("inbox/none.wav");
      expect(code === "source_not_found", `the code is '${code}'`);
    },
  };
  for (const [step, run] of Object.entries(steps)) {
    const failure = await run().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : JSON.stringify(error)),
    );
    console.log(JSON.stringify({ step, failure }));
  }
}

async function ended({ read }: Calls, id: string): Promise<void> {
  const end = Date.now() + 60_000;
  for (;;) {
    const { state } = await read(id);
    if (state === "completed") return;
    expect(state === "queued" || state === "running", `the job is ${state}`);
    expect(Date.now() < end, "the job did not end within a minute");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}
