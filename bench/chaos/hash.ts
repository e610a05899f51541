/** FNV-1a of 2 × 32 bits. It distinguishes inputs and runs; it does not have to resist attacks. */
export function hexOf(text: string): string {
  const hash = createHash();
  hash.add(text);
  return hash.hex();
}

export interface Hash {
  add(text: string): void;
  hex(): string;
}

export function createHash(): Hash {
  let [low, high] = [0x811c9dc5, 0x9747b28c];
  return {
    add(text) {
      for (let index = 0; index < text.length; index += 1) {
        const code = text.charCodeAt(index);
        low = Math.imul(low ^ code, 0x01000193);
        high = Math.imul(high ^ (code + index), 0x01000193);
      }
    },
    hex: () => [low, high].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join(""),
  };
}
