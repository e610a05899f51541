import { isResultKey } from "../../shared/uploads/storage.ts";
import { isKeptIn, isRendering } from "./keeping.ts";
import { perform } from "./operation.ts";
import type { Invocation, World } from "./world.ts";

/** R2 through a door. An object's body is read within its operation, because the end of a stream would depend on the machine. */
export function r2Door(world: World, invocation: Invocation): R2Bucket {
  const { real, uploadedAt } = world;
  const dated = (object: R2Object | null) => object && inVirtualTime(object, uploadedAt);
  const door = {
    head: (key: string) =>
      perform(world, invocation, {
        door: "r2.read",
        what: `head ${key}`,
        run: async () => dated(await real.MEDIA.head(key)),
      }),
    get: (key: string, options?: R2GetOptions) => {
      let isBroken = false;
      return perform(world, invocation, {
        door: "r2.read",
        what: `get ${key} ${JSON.stringify(options ?? {})}`,
        run: async () => {
          const object = await real.MEDIA.get(key, options);
          if (object === null) return null;
          if (!("body" in object)) return dated(object);
          return bodied(inVirtualTime(object, uploadedAt), new Uint8Array(await object.arrayBuffer()), isBroken);
        },
        onFault: (fault) => {
          isBroken = fault === "broken_body";
          return null;
        },
      });
    },
    put: (key: string, value: string | Uint8Array, options?: R2PutOptions) =>
      perform(world, invocation, {
        door: "r2.write",
        what: `put ${key}`,
        run: async () => {
          const half = world.plan.sabotage === "stores_half" && invocation.id % 3 === 0;
          const object = await real.MEDIA.put(key, half ? value.slice(0, value.length >> 1) : value, options);
          uploadedAt.set(key, world.clock.now());
          return dated(object);
        },
        onEffect: () => noteKept(world, invocation, key, value),
      }),
    delete: (keys: string | string[]) =>
      perform(world, invocation, { door: "r2.write", what: "delete", run: () => real.MEDIA.delete(keys) }),
    list: (options?: R2ListOptions) =>
      perform(world, invocation, {
        door: "r2.read",
        what: `list ${JSON.stringify(options ?? {})}`,
        run: async () => {
          const page = await real.MEDIA.list(options);
          return { ...page, objects: page.objects.map((object) => inVirtualTime(object, uploadedAt)) };
        },
      }),
  };
  return door as unknown as R2Bucket;
}

function noteKept(world: World, { unkept }: Invocation, key: string, value: string | Uint8Array): void {
  if (unkept.size === 0 || !isResultKey(key) || isRendering(key)) return;
  const text = typeof value === "string" ? value : new TextDecoder("latin1").decode(value);
  for (const [call, asked] of unkept) {
    const jobId = world.jobIds.get(call.asked.mark);
    if (jobId === undefined || !key.includes(jobId) || !isKeptIn(text, asked)) continue;
    call.keptAt = world.clock.now();
    unkept.delete(call);
    world.trace(`#${call.invocation.id} kept the answer for ${call.asked.mark} in ${key}`);
  }
}

/** The properties of an object as plain values, with the virtual time at which the run stored it. */
function inVirtualTime(object: R2Object, uploadedAt: ReadonlyMap<string, number>): Record<string, unknown> {
  const { key, version, size, etag, httpEtag, httpMetadata, customMetadata } = object;
  const uploaded = new Date(uploadedAt.get(key) ?? 0);
  return { key, version, size, etag, httpEtag, uploaded, httpMetadata, customMetadata };
}

function bodied(
  facts: Readonly<Record<string, unknown>>,
  bytes: Uint8Array<ArrayBuffer>,
  isBroken: boolean,
): R2ObjectBody {
  const read = async () => {
    if (isBroken) throw new Error("Network connection lost.");
    return bytes;
  };
  const body = {
    ...facts,
    get body() {
      return new Response(bytes).body;
    },
    arrayBuffer: async () => (await read()).slice().buffer,
    bytes: async () => (await read()).slice(),
    text: async () => new TextDecoder().decode(await read()),
    json: async () => JSON.parse(new TextDecoder().decode(await read())),
  };
  return body as unknown as R2ObjectBody;
}
