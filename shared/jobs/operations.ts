// What a job costs besides its models, counted where it happens.

export interface R2Calls {
  /** put, list and multipart calls. */
  readonly r2ClassA: number;
  /** get and head. */
  readonly r2ClassB: number;
}

/** Each index that a write touches counts as one more row. */
export interface D1Rows {
  readonly d1RowsRead: number;
  readonly d1RowsWritten: number;
}

/** What an attempt counts itself. Its lease is shared with the other tasks of its batch, so rows may be fractions. */
export interface Operations extends R2Calls, D1Rows {
  /** Pictures that Cloudflare Images converted; left out for none. */
  readonly imageTransformations?: number;
}

/** Operations that are still being counted. */
export type Tally<Counted = Operations> = { -readonly [Name in keyof Counted]: Counted[Name] };

/** Return a bucket that adds its calls to `counts`. Deleting is free. */
export function countedBucket<Bucket extends object>(bucket: Bucket, counts: Tally<R2Calls>): Bucket {
  return new Proxy(bucket, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== "function") return method;
      return (...args: readonly unknown[]): unknown => {
        if (name === "get" || name === "head") counts.r2ClassB += 1;
        else if (name !== "delete") counts.r2ClassA += 1;
        return Reflect.apply(method, target, args);
      };
    },
  });
}

/** Return what these statements read and wrote together, by D1's own count. */
export function rowsOf(results: readonly { meta: { rows_read: number; rows_written: number } }[]): D1Rows {
  return {
    d1RowsRead: results.reduce((sum, { meta }) => sum + meta.rows_read, 0),
    d1RowsWritten: results.reduce((sum, { meta }) => sum + meta.rows_written, 0),
  };
}

export function addRows(counts: Tally<D1Rows>, more: D1Rows): void {
  counts.d1RowsRead += more.d1RowsRead;
  counts.d1RowsWritten += more.d1RowsWritten;
}
