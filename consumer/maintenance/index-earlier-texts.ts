// Goes once through the passages that were stored before search found words in text without spaces (migration 0004).
import { readCursor, writeCursor } from "../../shared/db/jobs/maintenance.ts";
import { findPlain, indexAs } from "../../shared/db/search/indexed-texts.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { withIndexedText } from "../../shared/search/indexed-text.ts";

const CURSOR = "indexed_texts";
const ALL = "all";

const READ_A_RUN = 500;
/** A passage has about 3 kB here and at most 200 kB, and D1 binds at most 2 MB. */
const WRITTEN_A_STATEMENT = 100;

/** Index the text of earlier passages. Once this is complete, a run only reads the cursor. */
export async function indexEarlierTexts({ db }: Pick<Intake, "db">): Promise<number> {
  const cursor = await readCursor(db, CURSOR);
  if (cursor === ALL) return 0;
  const passages = await findPlain(db, Number(cursor ?? 0), READ_A_RUN);
  const changed = passages.map(withIndexedText).filter(({ indexedText }) => indexedText !== null);
  for (let start = 0; start < changed.length; start += WRITTEN_A_STATEMENT) {
    await indexAs(db, changed.slice(start, start + WRITTEN_A_STATEMENT));
  }
  const last = passages.at(-1);
  await writeCursor(db, CURSOR, passages.length < READ_A_RUN || last === undefined ? ALL : String(last.number));
  return changed.length;
}
