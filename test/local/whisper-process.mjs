// Speaks the protocol of local/engine/speech/whisper/transcribe.py. `initial_prompt` tells it what to do.
const ABOUT = { language: "de", languageProbability: 0.9, durationAfterVadSeconds: 1 };
const FIGURES = { temperature: 0, avg_logprob: -0.2, compression_ratio: 1.1, no_speech_prob: 0.01 };
const cancelled = new Set();
let pending = Buffer.alloc(0);
let head = null;

say({ ready: true });
process.stdin.on("data", (chunk) => {
  pending = Buffer.concat([pending, chunk]);
  for (;;) {
    if (head === null) {
      const end = pending.indexOf("\n");
      if (end < 0) return;
      const line = JSON.parse(pending.subarray(0, end).toString());
      pending = pending.subarray(end + 1);
      if ("cancel" in line) cancelled.add(line.cancel);
      else head = line;
    } else {
      if (pending.length < head.bytes) return;
      answer(head, pending.subarray(0, head.bytes));
      pending = pending.subarray(head.bytes);
      head = null;
    }
  }
});

function answer({ id, options }, samples) {
  switch (options.initial_prompt) {
    case "refuse":
      return say({ id, error: "'xx' is not a valid language code", isRefused: true });
    case "fail":
      return say({ id, error: "out of memory", isRefused: false });
    case "die":
      console.error("Segmentation fault");
      return process.exit(7);
    case "silent":
      return undefined;
    default: {
      const text = ` ${samples.readInt16LE(0)} ${JSON.stringify(options)} ${[...cancelled].join()}`;
      const words = [{ word: text, start: 0, end: 1 }];
      return say({ id, answer: { ...ABOUT, segments: [{ start: 0, end: 1, text, ...FIGURES, words }] } });
    }
  }
}

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
