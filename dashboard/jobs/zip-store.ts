// A zip on its way to the person: kept on disk by the browser where it can, so that its size is not the memory's.

const FOLDER = "exports";
/** Nobody knows when a download has ended: what lies here longer is deleted by the next export. */
const KEPT_MS = 24 * 60 * 60 * 1000;

export async function storeZip(zip: ReadableStream<Uint8Array<ArrayBuffer>>, signal: AbortSignal): Promise<Blob> {
  const folder = await openFolder();
  // A private window may have no such place.
  if (folder === null) return new Response(zip).blob();
  const name = `${crypto.randomUUID()}.zip`;
  try {
    const file = await folder.getFileHandle(name, { create: true });
    await zip.pipeTo(await file.createWritable(), { signal });
    return await file.getFile();
  } catch (error) {
    await folder.removeEntry(name).catch(() => undefined);
    throw error;
  }
}

async function openFolder(): Promise<FileSystemDirectoryHandle | null> {
  try {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(FOLDER, { create: true });
    for await (const handle of folder.values()) {
      const isOld =
        handle instanceof FileSystemFileHandle && (await handle.getFile()).lastModified < Date.now() - KEPT_MS;
      if (isOld) await folder.removeEntry(handle.name);
    }
    return "createWritable" in FileSystemFileHandle.prototype ? folder : null;
  } catch {
    return null;
  }
}
