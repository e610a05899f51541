import { patiently } from "../uploads/patient.ts";
import { minuteOf } from "../uploads/storage.ts";

/** Records of one kind in the bucket: an object for each minute, with its rows as JSON. */
export interface ByMinute<Row> {
  /** Keep rows that are in the order of their times. @returns how many objects were put. */
  readonly keep: (media: R2Bucket, rows: readonly Row[]) => Promise<number>;
  /** Read the rows of one of these objects; none if it is gone. */
  readonly read: (media: R2Bucket, key: string) => Promise<readonly Row[]>;
}

/** @param keyOf returns the key of an object whose first row this is. */
export function keptByMinute<Row>(atOf: (row: Row) => number, keyOf: (first: Row) => string): ByMinute<Row> {
  return {
    async keep(media, rows) {
      const minutes = Map.groupBy(rows, (row) => minuteOf(atOf(row)));
      for (const some of minutes.values()) {
        const [first] = some;
        if (first !== undefined) await patiently(() => media.put(keyOf(first), JSON.stringify(some)));
      }
      return minutes.size;
    },
    async read(media, key) {
      return patiently(async () => (await (await media.get(key))?.json<Row[]>()) ?? []); // our own JSON, from keep
    },
  };
}
