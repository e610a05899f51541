import { type Indexed, withIndexedText } from "../../search/indexed-text.ts";

/** D1 binds at most 2 MB as one value. JSON needs some more bytes than the text. */
const MOST_BYTES = 1_500_000;

/** In UTF-8, a UTF-16 unit has at most three bytes. */
const BYTES_A_UNIT = 3;

/** The other fields of a passage. */
const OTHER_BYTES = 300;

/** Split passages into pages that D1 can bind as one value, with their indexed texts. A passage may be far longer than most. */
export function passagePages<Passage extends { readonly text: string; readonly vector?: string | null }>(
  passages: readonly Passage[],
  mostPassages: number,
): readonly (readonly Indexed<Passage>[])[] {
  const pages: Indexed<Passage>[][] = [];
  let page: Indexed<Passage>[] = [];
  let bytes = 0;
  for (const passage of passages.map((one) => withIndexedText(one))) {
    const units = passage.text.length + (passage.indexedText?.length ?? 0);
    const more = units * BYTES_A_UNIT + (passage.vector?.length ?? 0) + OTHER_BYTES;
    if (page.length === 0 || page.length >= mostPassages || bytes + more > MOST_BYTES) {
      pages.push((page = []));
      bytes = 0;
    }
    page.push(passage);
    bytes += more;
  }
  return pages;
}
