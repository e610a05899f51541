// `npm run bench:long-audio`: prints one JSON object a line. Progress, and whatever the tools print, goes to standard error.
import { rm } from "node:fs/promises";

import { makeSpeech } from "../../test/audio/media.ts";
import { note, print, round } from "../report.ts";
import { type ContainerName, CONTAINERS, makeBase, makeContainer } from "./containers.ts";
import { cutFile } from "./cut-file.ts";
import { measure } from "./finding.ts";
import { measureMakespan } from "./makespan.ts";
import { LONG_FORMATS, measureMemory } from "./memory.ts";
import { isSecondSliceDecodable } from "./tutorial.ts";

const isQuick = process.argv.includes("--quick");
const SECONDS = 600;
const QUICK: readonly ContainerName[] = ["wav", "mp3Vbr", "mp4Faststart"];
const ALL = Object.keys(CONTAINERS) as ContainerName[];

await measure("longAudio.makespan", () => measureMakespan({ rounds: isQuick ? 1 : 3 }));

note("making ten minutes of speech");
const { folder, speech } = await makeSpeech(SECONDS);
try {
  const names = isQuick ? QUICK : ALL;
  const base = await makeBase(
    { folder, speech, seconds: SECONDS },
    names.map((name) => CONTAINERS[name]),
  );
  const decodable = { tutorial: [] as string[], ours: [] as string[] };
  for (const name of names) {
    await measure(`longAudio.${name}`, async () => {
      const path = await makeContainer(base, CONTAINERS[name]);
      if (await isSecondSliceDecodable(path)) decodable.tutorial.push(name);
      const { figures, isSecondDecodable } = await cutFile(name, path, CONTAINERS[name]);
      if (isSecondDecodable) decodable.ours.push(name);
      return figures;
    });
  }
  print({
    case: "longAudio.tutorial.decodableSlices",
    value: decodable.tutorial.length,
    unit: "containers",
    peer: names.length,
    ratio: round(decodable.tutorial.length / names.length),
    ours: decodable.ours.length,
    containers: decodable.tutorial,
  });
  if (!isQuick) {
    for (const format of LONG_FORMATS) {
      await measure(`longAudio.${format.name}`, () => measureMemory(format, { folder, speech }));
    }
  }
} finally {
  await rm(folder, { recursive: true });
}
