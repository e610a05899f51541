// Follows the passages in the order in which they are stored. It indexes text without spaces that an earlier version has stored: before
// migration 0004, while a deployment spreads, or after a rollback. It therefore never ends.
import { writeCursor } from "../../shared/db/jobs/maintenance.ts";
import { findPlain, indexAs, INDEXED_TEXTS } from "../../shared/db/search/indexed-texts.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { indexedText } from "../../shared/search/indexed-text.ts";

const READ_A_RUN = 500;

/** Index the texts after the cursor. If this version has stored them all, a run reads each once and changes none. */
export async function indexEarlierTexts({ db }: Pick<Intake, "db">): Promise<number> {
  const passages = await findPlain(db, READ_A_RUN);
  const changed = passages.filter(({ text }) => indexedText(text) !== null);
  await indexAs(db, changed);
  const last = passages.at(-1);
  if (last !== undefined) await writeCursor(db, INDEXED_TEXTS, String(last.number));
  return changed.length;
}
