import { byteAt, concatBytes } from "../reading/bytes.ts";
import { languageOrNull, nameOf, titleOrNull, type Candidate } from "../chunks/tracks.ts";
import { refuse } from "../chunks/chunk.ts";
import type { Work } from "../reading/work.ts";
import { childrenOf, ID, readElement, readUint, writeId, type Element } from "./ebml.ts";

/** The fields of a track (RFC 9559, 5.1.4). */
const FIELD = {
  number: 0xd7,
  type: 0x83,
  isEnabled: 0xb9,
  isDefault: 0x88,
  codec: 0x86,
  language: 0x22b59c,
  tag: 0x22b59d,
  name: 0x536e,
  channels: 0x9f,
  encryption: ID.contentEncryption,
} as const;

const AUDIO = 2;
const VIDEO = 1;

/** The codecs whose packets can be copied into a separate file. */
const READABLE = /^A_(AAC|MPEG\/L3|OPUS|VORBIS|FLAC|PCM\/|AC3|EAC3|DTS)/;

export interface MatroskaTrack extends Candidate {
  readonly number: number;
  readonly entry: Uint8Array;
}

/** Read the audio tracks in `Tracks`, and whether there are pictures. */
export function readTracks(
  bytes: Uint8Array,
  tracks: Element,
  work: Work,
): { readonly audio: readonly MatroskaTrack[]; readonly hasVideo: boolean } {
  const audio: MatroskaTrack[] = [];
  let hasVideo = false;
  for (const entry of childrenOf(bytes, tracks, work)) {
    if (entry.id !== ID.trackEntry) continue;
    const fields = new Map<number, Element>(childrenOf(bytes, entry, work).map((field) => [field.id, field]));
    const uint = (id: number, otherwise: number) => {
      const field = fields.get(id);
      return field === undefined ? otherwise : readUint(bytes, field);
    };
    const text = (id: number) => {
      const field = fields.get(id);
      return field === undefined ? null : textOf(bytes, field);
    };
    const type = uint(FIELD.type, 0);
    hasVideo ||= type === VIDEO;
    if (type !== AUDIO) continue;
    const sound = fields.get(ID.audio);
    const channels = sound && childrenOf(bytes, sound, work).find(({ id }) => id === FIELD.channels);
    const codec = text(FIELD.codec) ?? "";
    const isEncrypted = isIn(bytes, entry, FIELD.encryption, work);
    audio.push({
      number: uint(FIELD.number, 0),
      entry: bytes.subarray(startOf(bytes, entry), entry.bodyAt + entry.size),
      codec,
      // The default is English (RFC 9559, 5.1.4.1.19).
      language: languageOrNull(text(FIELD.tag) ?? text(FIELD.language) ?? "eng"),
      title: titleOrNull(text(FIELD.name) ?? ""),
      channels: channels === undefined ? 1 : readUint(bytes, channels),
      isEnabled: uint(FIELD.isEnabled, 1) === 1,
      isDefault: uint(FIELD.isDefault, 1) === 1,
      refusal: isEncrypted
        ? refuse("encrypted", "The audio is encrypted. Send a copy without copy protection.")
        : READABLE.test(codec)
          ? null
          : refuse(
              "unsupported_codec",
              `The audio is in '${codec}', which cannot be cut. Convert it to AAC, FLAC or Opus.`,
            ),
    });
  }
  return { audio, hasVideo };
}

/** Return `Tracks` with only one track, so that a reader takes no other. */
export function tracksWith({ entry }: Pick<MatroskaTrack, "entry">): Uint8Array {
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(entry.length));
  size[0] = 1;
  return concatBytes([writeId(ID.tracks), size, entry]);
}

/** Return where an element's header begins. It is short, and directly before the body. */
function startOf(bytes: Uint8Array, { id, bodyAt }: Element): number {
  for (let at = bodyAt - 2; at >= Math.max(0, bodyAt - 12); at--) {
    const found = readElement(bytes, at);
    if (found?.id === id && found.bodyAt === bodyAt && byteAt(bytes, at) === writeId(id)[0]) return at;
  }
  return bodyAt;
}

function textOf(bytes: Uint8Array, { bodyAt, size }: Element): string {
  return nameOf(bytes.subarray(bodyAt, bodyAt + Math.min(size, 1024)));
}

function isIn(bytes: Uint8Array, parent: Element, wanted: number, work: Work): boolean {
  const holds = new Set<number>([ID.contentEncodings, ID.contentEncoding]);
  return childrenOf(bytes, parent, work).some(
    (child) => child.id === wanted || (holds.has(child.id) && isIn(bytes, child, wanted, work)),
  );
}
