import { byteAt, concatBytes } from "../reading/bytes.ts";
import { readWithin, type ByteSource } from "../reading/byte-source.ts";
import { refuse, type Refusal } from "../chunks/chunk.ts";
import { HEAD_BYTES, READ_BYTES } from "../chunks/limits.ts";
import type { AudioTrack, TrackChoice } from "../chunks/audio-track.ts";
import { chooseTrack, namedTrack, type Candidate } from "../chunks/tracks.ts";
import { CLOCK_HZ, CLOCK_WRAP, packetsIn, readStamp, stampPlaces, ticksBetween, type Stamp } from "./packet.ts";
import { stripTs } from "./strip.ts";
import { readProgrammes, type Programme, type Stream } from "./tables.ts";
import type { Work } from "../reading/work.ts";

const NULL_PID = 0x1fff;
const TABLES_BYTES = 64 * HEAD_BYTES;
/** The bytes in which the first audio is searched: half a minute of HD video. */
const FIRST_AUDIO_BYTES = 24 * 1024 * 1024;
/** Video that begins even longer before the audio belongs to the end of another recording. */
const LONGEST_LEAD_TICKS = 3_600 * CLOCK_HZ;
export interface Found {
  readonly programmes: readonly Programme[];
  readonly programme: Programme;
  readonly stream: Stream;
  readonly head: Uint8Array;
  readonly tracks: readonly AudioTrack[];
  readonly track: number;
}

/** Find the tables and the audio stream to cut: the first readable one, in the order of the programmes, unless another is requested. */
export async function findAudio(
  source: ByteSource,
  choice: TrackChoice | undefined,
  work: Work,
): Promise<Found | Refusal> {
  let head = new Uint8Array();
  let programmes: readonly Programme[] | null = null;
  for (let length = HEAD_BYTES; length <= TABLES_BYTES && programmes === null; length *= 4) {
    head = new Uint8Array(await readWithin(source, 0, length));
    if (isScrambled(head, work)) {
      return refuse("encrypted", "The transport stream is scrambled. Send a copy without copy protection.");
    }
    programmes = readProgrammes(head, length === TABLES_BYTES || head.length === source.sizeBytes, work);
    if (head.length === source.sizeBytes) break;
  }
  if (programmes === null) return refuse("damaged", "The transport stream's tables are missing.");
  const audio = programmes.flatMap((programme) =>
    programme.streams.filter(({ kind }) => kind === "audio").map((stream) => ({ programme, stream })),
  );
  if (audio.length === 0) return refuse("no_audio_track", "The transport stream has no audio.");
  const candidates = audio.map(({ stream }) => candidateOf(stream));
  const track = chooseTrack(candidates, choice);
  if (typeof track !== "number") return track;
  const [chosen = audio[0]] = audio.slice(track);
  if (chosen === undefined) return refuse("no_audio_track", "The transport stream has no audio.");
  return { programmes, ...chosen, head, tracks: candidates.map(namedTrack), track };
}

function candidateOf({ codec, language, isForSome, unreadable }: Stream): Candidate {
  const message = `The audio of the transport stream is ${unreadable ?? codec}, which cannot be cut. Convert it to AAC or MP3.`;
  return {
    codec,
    language,
    title: null,
    channels: null,
    isEnabled: true,
    isDefault: !isForSome,
    refusal: unreadable === undefined ? null : refuse("unsupported_codec", message),
  };
}

/** Read the first audio, and the time at which a player begins. If the picture comes first, the player begins with it. */
export async function readBeginning(source: ByteSource, { programme, stream, head }: Found, work: Work) {
  const strip = stripTs({ audioPid: stream.pid, zeroTicks: 0 }, work);
  const kept: Uint8Array[] = [];
  const pictures: number[] = [];
  const pictureIds = new Set(programme.streams.filter(({ kind }) => kind === "video").map(({ pid }) => pid));
  const audio: Stamp[] = [];
  for (let offset = 0; offset < Math.min(source.sizeBytes, FIRST_AUDIO_BYTES);) {
    const piece = offset === 0 ? head : await readWithin(source, offset, Math.min(READ_BYTES, 3 * offset));
    for (const packet of packetsIn(piece, work)) {
      const [place] = stampPlaces(piece, packet);
      if (place !== undefined && pictureIds.has(packet.pid)) pictures.push(readStamp(piece, place));
      if (place !== undefined && packet.pid === stream.pid)
        audio.push({ offset: offset + packet.at, ticks: readStamp(piece, place) });
    }
    kept.push(strip.push(piece));
    offset += piece.length;
    // The first unit of audio is complete when the next one begins.
    if (audio.length > 1) break;
  }
  const [first] = audio;
  if (first === undefined) return null;
  let leadTicks = 0;
  for (const picture of pictures) {
    const ticks = ticksBetween(picture, first.ticks);
    if (ticks < LONGEST_LEAD_TICKS) leadTicks = Math.max(leadTicks, ticks);
  }
  const zeroTicks = (first.ticks - leadTicks + CLOCK_WRAP) % CLOCK_WRAP;
  return { zeroTicks, offset: first.offset, audio: concatBytes(kept) };
}

/** Whether the stream is encrypted, by two bits in the headers of most packets except those of tables. */
function isScrambled(bytes: Uint8Array, work: Work): boolean {
  let balance = 0;
  for (const { at, pid } of packetsIn(bytes, work)) {
    if (pid < 0x20 || pid === NULL_PID) continue;
    balance += byteAt(bytes, at + 3) & 0xc0 ? 1 : -1;
  }
  return balance > 0;
}
