// What the Worker's types mention of its runtime, where the client's types lead to them. The page calls none of it.
interface R2ObjectBody {
  readonly body: {
    getReader(options: { mode: "byob" }): {
      readAtLeast(
        minBytes: number,
        view: Uint8Array<ArrayBuffer>,
      ): Promise<{ readonly value?: Uint8Array<ArrayBuffer> }>;
    };
  };
  arrayBuffer(): Promise<ArrayBuffer>;
}
interface R2Bucket {
  get(key: string, options: object): Promise<R2ObjectBody | object | null>;
}
