import { ENTRY_BYTES, type Work } from "../reading/work.ts";

/** The offsets of consecutive frames. A frame takes two bytes, because a week has thirty million. */
export interface FrameOffsets {
  readonly frames: number;
  add(offset: number, bytes: number): void;
  /** Return where a frame begins. For the frame after the last one, return where the last one ends. */
  readonly at: (frame: number) => number;
}

/** Frames are kept in blocks: an array that grows is copied again and again, which leaves garbage of several times its size. */
const BLOCK_FRAMES = 1 << 15;
/** Every 64th frame has its offset. The others have their distance from the previous frame. */
const STEP_FRAMES = 64;
/** Marks a distance of this or more, which is stored separately. Only junk is that long. */
const FAR_BYTES = 0xffff;

interface Block {
  /** The distance of each frame from the previous one. */
  readonly steps: Uint16Array;
  readonly offsets: Float64Array;
}

export function frameOffsets(start: number, work: Work): FrameOffsets {
  const blocks: Block[] = [];
  const far = new Map<number, number>();
  let last = emptyBlock();
  let frames = 0;
  let before = start;
  let end = start;

  function at(frame: number): number {
    if (frame >= frames) return end;
    const block = blocks[Math.floor(frame / BLOCK_FRAMES)];
    const place = frame % BLOCK_FRAMES;
    const from = place - (place % STEP_FRAMES);
    let offset = block?.offsets[from / STEP_FRAMES] ?? start;
    for (let next = from + 1; next <= place; next++) {
      const step = block?.steps[next] ?? 0;
      offset += step === FAR_BYTES ? (far.get(frame - place + next) ?? 0) : step;
    }
    return offset;
  }

  return {
    get frames() {
      return frames;
    },
    add(offset, bytes) {
      work.visit();
      const place = frames % BLOCK_FRAMES;
      if (place === 0) {
        work.keep((2 * BLOCK_FRAMES + (8 * BLOCK_FRAMES) / STEP_FRAMES) / ENTRY_BYTES);
        last = emptyBlock();
        blocks.push(last);
      }
      const step = offset - before;
      if (place % STEP_FRAMES === 0) last.offsets[place / STEP_FRAMES] = offset;
      else if (step < FAR_BYTES) last.steps[place] = step;
      else {
        work.keep();
        last.steps[place] = FAR_BYTES;
        far.set(frames, step);
      }
      frames += 1;
      before = offset;
      end = offset + bytes;
    },
    at,
  };
}

function emptyBlock(): Block {
  return { steps: new Uint16Array(BLOCK_FRAMES), offsets: new Float64Array(BLOCK_FRAMES / STEP_FRAMES) };
}
