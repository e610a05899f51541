// Recordings with a fault, each made by ffmpeg and a few bytes. None is kept but in the cache of recipes.
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { writeM4a } from "../../shared/audio/mp4/m4a.ts";
import { ffmpeg, makeSpeech, MONO } from "../audio/media.ts";
import {
  cutAt,
  enableTracks,
  flacStart,
  oggPages,
  oldVariable,
  sampleEntryOf,
  sealPage,
  tracksLast,
  withoutBoxes,
  zeroed,
} from "./bytes.ts";
import type { Asked } from "./judge.ts";

export const SECONDS = 55;

/** A kind of file, and how the speech becomes one. */
interface Encoding {
  readonly name: string;
  readonly file: string;
  readonly options: readonly string[];
  /** It says how long it is, so that what is missing at its end is known. */
  readonly saysLength: boolean;
  /** A decoder passes over damage: what follows moves up, so that its own decode is what is right. */
  readonly isFrames?: true;
  readonly isPcm?: true;
}

const AAC = ["-c:a", "aac", "-b:a", "64k", "-aac_pns", "0"];
const OPUS = ["-c:a", "libopus", "-b:a", "32k"];
const VIDEO = ["-f", "lavfi", "-i", `testsrc2=s=128x72:r=10:d=${SECONDS}`, "-map", "0:a", "-map", "1:v"];
const H264 = [...VIDEO, "-c:v", "libx264", "-preset", "ultrafast", "-g", "20"];

export const ENCODINGS: readonly Encoding[] = [
  { name: "WAV", file: "a.wav", options: [], saysLength: true, isPcm: true },
  {
    name: "WAV 44.1 kHz stereo 24 bits",
    file: "s.wav",
    options: ["-ac", "2", "-ar", "44100", "-c:a", "pcm_s24le"],
    saysLength: true,
    isPcm: true,
  },
  { name: "M4A faststart", file: "fast.m4a", options: [...AAC, "-movflags", "+faststart"], saysLength: true },
  {
    name: "MP4 with video, faststart",
    file: "video.mp4",
    options: [...H264, ...AAC, "-movflags", "+faststart"],
    saysLength: true,
  },
  {
    name: "MP4 with MP3",
    file: "mp3.mp4",
    options: ["-c:a", "libmp3lame", "-b:a", "48k", "-movflags", "+faststart"],
    saysLength: true,
  },
  { name: "MP4 with Opus", file: "opus.mp4", options: [...OPUS, "-movflags", "+faststart"], saysLength: true },
  {
    name: "MP4 with FLAC",
    file: "flac.mp4",
    options: ["-c:a", "flac", "-strict", "-2", "-movflags", "+faststart"],
    saysLength: true,
  },
  {
    name: "MOV with PCM",
    file: "pcm.mov",
    options: ["-c:a", "pcm_s16be", "-movflags", "+faststart"],
    saysLength: true,
    isPcm: true,
  },
  {
    name: "fragmented MP4",
    file: "frag.mp4",
    options: [...AAC, "-movflags", "empty_moov+default_base_moof", "-frag_duration", "2000000"],
    saysLength: false,
  },
  { name: "FLAC", file: "a.flac", options: ["-c:a", "flac"], saysLength: true },
  { name: "MKV with AAC", file: "aac.mkv", options: AAC, saysLength: true },
  { name: "MKV with video", file: "video.mkv", options: [...H264, ...AAC], saysLength: true },
  { name: "MKV with FLAC", file: "flac.mka", options: ["-c:a", "flac"], saysLength: true },
  { name: "MKV with PCM", file: "pcm.mka", options: ["-c:a", "pcm_s16le"], saysLength: true, isPcm: true },
  { name: "MKV with MP3", file: "mp3.mka", options: ["-c:a", "libmp3lame", "-b:a", "48k"], saysLength: true },
  { name: "WebM with Opus", file: "opus.webm", options: OPUS, saysLength: true },
  { name: "WebM with Vorbis", file: "vorbis.webm", options: ["-c:a", "libvorbis", "-q:a", "2"], saysLength: true },
  {
    name: "WebM, live",
    file: "live.webm",
    options: [...OPUS, "-live", "1", "-cluster_time_limit", "1000"],
    saysLength: false,
  },
  { name: "Ogg Opus", file: "opus.ogg", options: OPUS, saysLength: false },
  { name: "Ogg Vorbis", file: "vorbis.ogg", options: ["-c:a", "libvorbis", "-q:a", "2"], saysLength: false },
  { name: "Ogg FLAC", file: "flac.oga", options: ["-c:a", "flac"], saysLength: false },
  { name: "MP3", file: "cbr.mp3", options: ["-c:a", "libmp3lame", "-b:a", "48k"], saysLength: true, isFrames: true },
  {
    name: "MP3 of a variable bitrate",
    file: "vbr.mp3",
    options: ["-c:a", "libmp3lame", "-q:a", "6"],
    saysLength: true,
    isFrames: true,
  },
  { name: "ADTS", file: "a.aac", options: AAC, saysLength: false, isFrames: true },
  { name: "MPEG-TS", file: "aac.ts", options: AAC, saysLength: false },
  {
    name: "MPEG-TS with MP2",
    file: "mp2.ts",
    options: ["-c:a", "mp2", "-b:a", "128k", "-ar", "48000"],
    saysLength: false,
  },
  {
    name: "MPEG-TS with MP2, 16 kHz",
    file: "mp2-low.ts",
    options: ["-c:a", "mp2", "-b:a", "64k"],
    saysLength: false,
  },
  { name: "MPEG-TS with video", file: "video.ts", options: [...H264, ...AAC], saysLength: false },
];

export interface Made extends Asked {
  readonly container: string;
  readonly fault: string;
  readonly path: string;
}

export interface Kit {
  readonly folder: string;
  readonly speech: string;
  /** Write a file of this name, and give its path. */
  readonly write: (name: string, bytes: Buffer) => Promise<string>;
  /** Encode the speech, or what is named. */
  readonly encode: (name: string, options: readonly string[], input?: readonly string[]) => Promise<string>;
}

export async function openKit(): Promise<Kit> {
  const { folder, speech } = await makeSpeech(SECONDS, MONO);
  return {
    folder,
    speech,
    async write(name, bytes) {
      const path = join(folder, name);
      await writeFile(path, bytes);
      return path;
    },
    async encode(name, options, input) {
      const path = join(folder, name);
      await ffmpeg([...(input ?? ["-i", speech]), ...options, path]);
      return path;
    },
  };
}

type Fault = readonly [fault: string, change: (bytes: Buffer) => Buffer, asked: (encoding: Encoding) => Asked | null];

const FAULTS: readonly Fault[] = [
  ["none", (bytes) => bytes, () => ({})],
  ["cut off at 40 %", (bytes) => cutAt(bytes, 0.4), ({ saysLength }) => ({ missing: saysLength ? SECONDS * 0.5 : 0 })],
  ["cut off at 97 %", (bytes) => cutAt(bytes, 0.97), ({ saysLength }) => ({ missing: saysLength ? 1.6 : 0 })],
  ["zeros behind 40 %", (bytes) => zeroed(bytes, 0.4, 1), ({ isPcm }) => (isPcm === true ? null : {})],
  ["a hole at 40 %", (bytes) => zeroed(bytes, 0.4, 0.5), ({ isPcm }) => (isPcm === true ? null : {})],
];

/** Every encoding with every fault that any file can have. */
async function* everywhere(kit: Kit): AsyncGenerator<Made> {
  for (const encoding of ENCODINGS) {
    const whole = await kit.encode(encoding.file, encoding.options);
    const bytes = await readFile(whole);
    for (const [index, [fault, change, asked]] of FAULTS.entries()) {
      const wanted = asked(encoding);
      if (wanted === null) continue;
      const path = await kit.write(`${index}-${encoding.file}`, change(bytes));
      // What is lost of frames without times is known where a header counts them, at the end of the file.
      const isOwn = encoding.isFrames === true || (!encoding.saysLength && fault !== "a hole at 40 %");
      yield { container: encoding.name, fault, path, ...(isOwn ? {} : { reference: whole }), ...wanted };
    }
    const silence = ["-f", "lavfi", "-i", `anullsrc=r=16000:cl=mono:d=${SECONDS}`];
    const silent = await kit.encode(`silent-${encoding.file}`, encoding.options, silence);
    yield { container: encoding.name, fault: "digital silence", path: silent, isSilent: true };
  }
}

/** Two tones beside the speech: whoever takes the wrong track hears them. */
const TONE = ["-f", "lavfi", "-i", `sine=f=300:r=16000:d=${SECONDS}`];

async function* tracks(kit: Kit): AsyncGenerator<Made> {
  const both = ["-i", kit.speech, ...TONE];
  const toneFirst = [...both, "-map", "1:a", "-map", "0:a"];
  // What ffmpeg decodes of the track that is wanted, the second of nearly all.
  const one = async (
    container: string,
    fault: string,
    path: string,
    options?: Asked["options"],
    stream = 1,
  ): Promise<Made> => ({
    container,
    fault,
    path,
    reference: await kit.encode(`of-${basename(path)}.wav`, ["-map", `0:a:${stream}`], ["-i", path]),
    ...(options !== undefined && { options }),
  });
  const mp4 = await kit.encode("two.m4a", ["-map", "1:a", "-map", "0:a", ...AAC], both);
  const mp4Bytes = await readFile(mp4);
  yield await one(
    "M4A",
    "the first track is disabled",
    await kit.write("disabled.m4a", enableTracks(mp4Bytes, [false, true])),
  );
  yield await one("M4A", "audioTrack: 1", mp4, { audioTrack: 1 });
  const frag = await kit.encode(
    "two-frag.mp4",
    ["-map", "1:a", "-map", "0:a", ...AAC, "-movflags", "empty_moov+default_base_moof", "-frag_duration", "2000000"],
    both,
  );
  yield await one(
    "fragmented MP4",
    "the first track is disabled",
    await kit.write("disabled-frag.mp4", enableTracks(await readFile(frag), [false, true])),
  );
  yield await one("fragmented MP4", "audioTrack: 1", frag, { audioTrack: 1 });
  yield await one(
    "M4A",
    "the first track is ALAC",
    await kit.encode(
      "alac-first.m4a",
      ["-map", "1:a", "-map", "0:a", "-c:a:0", "alac", "-c:a:1", "aac", "-aac_pns", "0"],
      both,
    ),
  );
  yield await one(
    "MKV",
    "the first track is ALAC",
    await kit.encode(
      "alac-first.mkv",
      [
        "-map",
        "1:a",
        "-map",
        "0:a",
        "-c:a:0",
        "alac",
        "-c:a:1",
        "aac",
        "-aac_pns",
        "0",
        "-disposition:a:0",
        "default",
        "-disposition:a:1",
        "0",
      ],
      both,
    ),
  );
  const defaults = ["-map", "1:a", "-map", "0:a", ...AAC, "-disposition:a:0", "0", "-disposition:a:1", "default"];
  const mkv = await kit.encode(
    "default.mkv",
    [...defaults, "-metadata:s:a:1", "language=ger", "-metadata:s:a:0", "language=eng"],
    both,
  );
  yield await one("MKV", "the second track is the default", mkv);
  const first = [
    "-map",
    "0:a",
    "-map",
    "1:a",
    ...AAC,
    "-metadata:s:a:0",
    "language=eng",
    "-metadata:s:a:1",
    "language=ger",
  ];
  yield await one("MKV", "audioTrack: 1", await kit.encode("chosen.mkv", [...defaults], both), { audioTrack: 1 });
  yield await one("MKV", "audioTrack: de", mkv, { audioTrack: "de" });
  yield await one("MP4", "audioTrack: en", await kit.encode("language.mp4", first, both), { audioTrack: "en" }, 0);
  const webm = ["-map", "1:a", "-map", "0:a", ...OPUS, "-disposition:a:0", "0", "-disposition:a:1", "default"];
  yield await one("WebM", "the second track is the default", await kit.encode("default.webm", webm, both));
  const ts = ["-map", "1:a", "-map", "0:a", "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"];
  yield await one(
    "MPEG-TS",
    "the first track is Opus",
    await kit.encode(
      "opus-first.ts",
      [...ts, "-c:a:0", "libopus", "-ar:a:0", "48000", "-c:a:1", "aac", "-aac_pns", "0"],
      both,
    ),
  );
  yield await one("MPEG-TS", "audioTrack: de", await kit.encode("language.ts", [...ts, ...AAC], both), {
    audioTrack: "de",
  });
  yield await one(
    "Ogg",
    "the first track is Speex",
    await kit.encode(
      "speex-first.ogg",
      ["-map", "1:a", "-map", "0:a", "-c:a:0", "libspeex", "-c:a:1", "libopus"],
      both,
    ),
  );
  yield await one("Ogg", "audioTrack: 1", await kit.encode("two.ogg", ["-map", "1:a", "-map", "0:a", ...OPUS], both), {
    audioTrack: 1,
  });
  void toneFirst;
}

async function* channels(kit: Kit): AsyncGenerator<Made> {
  const opposite = ["-af", "pan=stereo|c0=c0|c1=-1*c0"];
  for (const [container, file, codec] of [
    ["WAV", "opposite.wav", "pcm_s16le"],
    ["WAV 24 bits", "opposite24.wav", "pcm_s24le"],
    ["MOV with PCM", "opposite.mov", "pcm_s16be"],
    ["MKV with PCM", "opposite.mka", "pcm_s16le"],
  ] as const) {
    const path = await kit.encode(file, [...opposite, "-c:a", codec]);
    yield { container, fault: "opposite phase", path, reference: kit.speech };
  }
}

async function* pcm(kit: Kit): AsyncGenerator<Made> {
  const mov = await kit.encode("entry.mov", ["-c:a", "pcm_s16le"]);
  const raw = (await readFile(kit.speech)).subarray(44);
  const many = (frames: number) => {
    const packets = Array.from({ length: Math.ceil(raw.length / 2 / frames) }, (_, index) => {
      const data = raw.subarray(index * frames * 2, (index + 1) * frames * 2);
      return { data, duration: data.length / 2 };
    });
    return readFile(mov).then((bytes) =>
      Buffer.from(writeM4a({ sampleEntry: sampleEntryOf(bytes), timescale: 16_000, packets, isQuickTime: true })),
    );
  };
  for (const frames of [1024, 13])
    yield {
      container: "MOV with PCM",
      fault: `${frames} frames a sample`,
      path: await kit.write(`many-${frames}.mov`, await many(frames)),
      reference: kit.speech,
    };
  for (const flags of ["empty_moov+default_base_moof", "empty_moov", "frag_keyframe"])
    for (const [container, file] of [["fragmented MOV", `pcm-${flags}.mov`]] as const)
      yield {
        container,
        fault: `PCM, ${flags}`,
        path: await kit.encode(file, ["-c:a", "pcm_s16le", "-movflags", flags, "-frag_duration", "2000000"]),
      };
}

async function* flac(kit: Kit): AsyncGenerator<Made> {
  const plain = await kit.encode("576.flac", ["-c:a", "flac", "-frame_size", "576"]);
  yield {
    container: "FLAC",
    fault: "of old encoders",
    path: await kit.write("old.flac", oldVariable(await readFile(plain))),
    reference: plain,
  };
  const whole = await readFile(await kit.encode("whole.flac", ["-c:a", "flac"]));
  const start = flacStart(whole);
  yield {
    container: "FLAC",
    fault: "starts at a frame",
    path: await kit.write("bare.flac", whole.subarray(start)),
    reference: kit.speech,
  };
  const other = await readFile(await kit.encode("other.flac", ["-c:a", "flac", "-ar", "8000", "-ac", "2"]));
  yield {
    container: "FLAC",
    fault: "parameters change",
    path: await kit.write("changing.flac", Buffer.concat([whole, other.subarray(flacStart(other))])),
    reference: await doubled(kit),
  };
  const stereo = await readFile(await kit.encode("stereo.flac", ["-c:a", "flac", "-ac", "2"]));
  yield {
    container: "FLAC",
    fault: "the number of channels changes",
    path: await kit.write("channels.flac", Buffer.concat([whole, stereo.subarray(flacStart(stereo))])),
    reference: await doubled(kit),
  };
  yield {
    container: "FLAC",
    fault: "bytes before it",
    path: await kit.write("junk.flac", Buffer.concat([Buffer.alloc(100, "deadbeef", "hex"), whole])),
    reference: kit.speech,
  };
}

async function doubled(kit: Kit): Promise<string> {
  return kit.encode("doubled.wav", ["-c", "copy"], ["-stream_loop", "1", "-i", kit.speech]);
}

async function* ogg(kit: Kit): AsyncGenerator<Made> {
  for (const [container, file, options] of [
    ["Ogg Opus", "o.ogg", OPUS],
    ["Ogg Vorbis", "v.ogg", ["-c:a", "libvorbis", "-q:a", "2"]],
  ] as const) {
    const bytes = await readFile(await kit.encode(file, options));
    const pages = oggPages(bytes);
    const [first, second] = [pages[0]!, pages[1]!];
    const junk = Buffer.alloc(300, "deadbeef", "hex");
    yield {
      container,
      fault: "bytes between header pages",
      path: await kit.write(
        `between-${file}`,
        Buffer.concat([bytes.subarray(0, first.end), junk, bytes.subarray(first.end)]),
      ),
      reference: kit.speech,
    };
    yield {
      container,
      fault: "bytes behind the headers",
      path: await kit.write(
        `behind-${file}`,
        Buffer.concat([bytes.subarray(0, second.end), junk, bytes.subarray(second.end)]),
      ),
      reference: kit.speech,
    };
    yield {
      container,
      fault: "bytes before it",
      path: await kit.write(`before-${file}`, Buffer.concat([junk, bytes])),
      reference: kit.speech,
    };
    yield {
      container,
      fault: "header pages twice",
      path: await kit.write(`twice-${file}`, Buffer.concat([bytes.subarray(0, second.end), bytes])),
      reference: kit.speech,
    };
  }
  const opus = await readFile(await kit.encode("o.ogg", OPUS));
  const late = Buffer.from(opus);
  const [head] = oggPages(late);
  late.writeUInt16LE(64_000, head!.at + 28 + 10);
  sealPage(late, head!);
  yield { container: "Ogg Opus", fault: "a pre-skip of 1.3 s", path: await kit.write("preskip.ogg", late) };
}

async function* fragments(kit: Kit): AsyncGenerator<Made> {
  for (const flags of ["empty_moov+default_base_moof", "frag_keyframe"]) {
    const bytes = await readFile(
      await kit.encode(`frag-${flags}.mp4`, [...AAC, "-movflags", flags, "-frag_duration", "2000000"]),
    );
    yield {
      container: "fragmented MP4",
      fault: `without tfdt, ${flags}`,
      path: await kit.write(`tfdt-${flags}.mp4`, withoutBoxes(bytes, "tfdt")),
      reference: join(kit.folder, `frag-${flags}.mp4`),
    };
  }
  const video = await readFile(
    await kit.encode("frag-video.mp4", [...H264, ...AAC, "-movflags", "frag_keyframe+empty_moov+default_base_moof"]),
  );
  yield {
    container: "fragmented MP4",
    fault: "without tfdt, with video",
    path: await kit.write("tfdt-video.mp4", withoutBoxes(video, "tfdt")),
    reference: join(kit.folder, "frag-video.mp4"),
  };
  const fast = await readFile(await kit.encode("fast.m4a", [...AAC, "-movflags", "+faststart"]));
  const moovEnd = fast.indexOf("mdat") + 4;
  yield {
    container: "M4A faststart",
    fault: "an index without samples",
    path: await kit.write("index-only.m4a", fast.subarray(0, moovEnd)),
    isUnreadable: true,
  };
}

async function* matroska(kit: Kit): AsyncGenerator<Made> {
  for (const [container, file, options] of [
    ["MKV", "t.mkv", AAC],
    ["WebM", "t.webm", OPUS],
    ["MKV with video", "tv.mkv", [...H264, ...AAC]],
  ] as const) {
    const bytes = await readFile(await kit.encode(file, options));
    yield {
      container,
      fault: "Tracks behind the clusters",
      path: await kit.write(`last-${file}`, tracksLast(bytes)),
      reference: join(kit.folder, file),
    };
    const at = bytes.indexOf(Buffer.from([0x1f, 0x43, 0xb6, 0x75]));
    yield {
      container,
      fault: "headers alone",
      path: await kit.write(`head-${file}`, bytes.subarray(0, at)),
      isUnreadable: true,
    };
  }
  const webm = Buffer.from(await readFile(await kit.encode("t.webm", OPUS)));
  const first = webm.indexOf(Buffer.from([0x1f, 0x43, 0xb6, 0x75]));
  for (let at = first + 40; at < webm.length; at += 7) webm[at] = 0;
  yield {
    container: "WebM",
    fault: "blocks that cannot be read",
    path: await kit.write("blocks.webm", webm),
    isUnreadable: true,
  };
}

async function* behindJunk(kit: Kit): AsyncGenerator<Made> {
  const noise = Buffer.from("deadbeef".repeat(25_000), "hex");
  for (const [container, file, options] of [
    ["MP3", "j.mp3", ["-c:a", "libmp3lame", "-b:a", "64k"]],
    ["MP3 of a variable bitrate", "jv.mp3", ["-c:a", "libmp3lame", "-q:a", "5"]],
    ["ADTS", "j.aac", AAC],
  ] as const) {
    const bytes = await readFile(await kit.encode(file, options));
    const whole = await kit.encode(`whole-${file}`, ["-c", "copy"], ["-i", join(kit.folder, file)]);
    yield {
      container,
      fault: "deadbeef × 25,000 before it",
      path: await kit.write(`junk-${file}`, Buffer.concat([noise, bytes])),
      reference: whole,
    };
    yield {
      container,
      fault: "zeros before it",
      path: await kit.write(`zeros-${file}`, Buffer.concat([Buffer.alloc(50_000), bytes])),
      reference: whole,
    };
    yield {
      container,
      fault: "deadbeef × 25,000 behind it",
      path: await kit.write(`tail-${file}`, Buffer.concat([bytes, noise])),
      reference: whole,
    };
  }
}

const MAKERS = { everywhere, tracks, channels, pcm, flac, ogg, fragments, matroska, behindJunk };

/** Every file, or those of some makers. */
export async function* makeAll(kit: Kit, named = Object.keys(MAKERS)): AsyncGenerator<Made> {
  for (const [name, make] of Object.entries(MAKERS)) if (named.includes(name)) yield* make(kit);
}
