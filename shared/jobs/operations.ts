// What a job costs beside its models, counted where it happens.

export interface R2Calls {
  /** put, list and multipart calls. */
  readonly r2ClassA: number;
  /** get and head. */
  readonly r2ClassB: number;
}

/** Every index that a write touches counts as a row more. */
export interface D1Rows {
  readonly d1RowsRead: number;
  readonly d1RowsWritten: number;
}

/** What an attempt knows of itself. Its lease is shared with the other tasks of its batch, so rows may be fractions. */
export interface Operations extends R2Calls, D1Rows {}

/** A bucket that counts what is asked of it; `counts` goes on changing. Deleting is free. */
export function countedBucket(bucket: R2Bucket): { readonly bucket: R2Bucket; readonly counts: R2Calls } {
  const counts = { r2ClassA: 0, r2ClassB: 0 };
  const counted = new Proxy(bucket, {
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
  return { bucket: counted, counts };
}

/** What these statements read and wrote together, by D1's own count. */
export function rowsOf(results: readonly D1Result[]): D1Rows {
  return {
    d1RowsRead: results.reduce((sum, { meta }) => sum + meta.rows_read, 0),
    d1RowsWritten: results.reduce((sum, { meta }) => sum + meta.rows_written, 0),
  };
}

export function addRows(some: D1Rows, more: D1Rows): D1Rows {
  return {
    d1RowsRead: some.d1RowsRead + more.d1RowsRead,
    d1RowsWritten: some.d1RowsWritten + more.d1RowsWritten,
  };
}
