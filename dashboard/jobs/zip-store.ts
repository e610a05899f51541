// Stores a zip until the person saves it. The browser keeps it on disk if it can, so that memory does not limit its size.

const FOLDER = "exports";
/** The page cannot see when a download has ended, so the next export deletes files that are older than this. */
const KEPT_MS = 24 * 60 * 60 * 1000;

export async function storeZip(zip: ReadableStream<Uint8Array<ArrayBuffer>>, signal: AbortSignal): Promise<Blob> {
  const folder = await openFolder();
  // A private window may have no such folder.
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
