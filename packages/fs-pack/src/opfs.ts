/** Overlays in the browser's origin private file system (File System standard). Only a dedicated worker may open them. The browser
 *  gives a file to one opener at a time, so a second tab is told instead of corrupting the first one's disk. */
import { messageOf, PackError } from './errors.ts';
import { OverlayStore, type OverlayBase, type OverlayOptions, type SyncFile } from './overlay-store.ts';

/** The parts of `FileSystemDirectoryHandle` and `FileSystemFileHandle` that we use. */
export interface OpfsDirectory {
  getDirectoryHandle(name: string, options?: { create?: boolean }): Promise<OpfsDirectory>;
  getFileHandle(name: string, options?: { create?: boolean }): Promise<OpfsFile>;
  removeEntry(name: string): Promise<void>;
}
export interface OpfsFile {
  createSyncAccessHandle?(): Promise<SyncFile>;
}

const DIRECTORY = 'fs-pack-overlays';

export interface OpfsOptions {
  /** Default the origin's root, `navigator.storage.getDirectory()`. */
  readonly root?: OpfsDirectory;
  /** How long in ms to wait for somebody else to let go before that is an error: a page that is being reloaded or closed does so a little
   *  after the next one starts. Default 2000. */
  readonly patienceMs?: number;
}

const ASK_EVERY_MS = 50;

/** Whether this browser and this context (a worker, over HTTPS) can keep overlays. */
export async function canKeepOverlays(options: OpfsOptions = {}): Promise<boolean> {
  try {
    const directory = await directoryOf(options);
    const probe = await directory.getFileHandle('probe', { create: true });
    const able = probe.createSyncAccessHandle !== undefined;
    await directory.removeEntry('probe').catch(() => {});
    return able;
  } catch {
    return false;
  }
}

/** Opens the overlay `name` over `base`, making it if there is none. Rejects with `PackError`: `locked` if another tab has it,
 *  `base` if it belongs to another disk image, `format` if it is damaged, `io` if there is no such storage here. */
export async function openOpfsOverlay(name: string, base: OverlayBase, options: OverlayOptions & OpfsOptions): Promise<OverlayStore> {
  const directory = await directoryOf(options);
  const file = await directory.getFileHandle(fileOf(name), { create: true }).catch((error: unknown) => { throw failure(name, error); });
  if (!file.createSyncAccessHandle) throw new PackError('io', 'saved disks need a dedicated worker of a recent browser; use a temporary disk');
  const handle = await patiently(options, () => file.createSyncAccessHandle!()).catch((error: unknown) => { throw failure(name, error); });
  return new OverlayStore(handle, base, { name: `the saved disk '${name}'`, ...options });
}

/** Removes the overlay `name`; succeeds if there is none. Rejects with `PackError` of reason `locked` while somebody has it open. */
export async function resetOpfsOverlay(name: string, options: OpfsOptions = {}): Promise<void> {
  const directory = await directoryOf(options);
  try {
    await patiently(options, () => directory.removeEntry(fileOf(name)));
  } catch (error) {
    if ((error as Error).name !== 'NotFoundError') throw failure(name, error);
  }
}

async function directoryOf({ root }: OpfsOptions): Promise<OpfsDirectory> {
  const { navigator } = globalThis as { navigator?: { storage?: { getDirectory?(): Promise<OpfsDirectory> } } };
  try {
    const top = root ?? (await navigator?.storage?.getDirectory?.());
    if (top) return await top.getDirectoryHandle(DIRECTORY, { create: true });
  } catch (error) {
    throw new PackError('io', `the browser's storage cannot be used: ${messageOf(error)}; use a temporary disk`, { cause: error });
  }
  throw new PackError('io', 'this browser has no origin private file system here (is the page served over HTTPS?); use a temporary disk');
}

/** Tries again for a while as long as somebody else has the file. */
async function patiently<T>({ patienceMs = 2000 }: OpfsOptions, attempt: () => Promise<T>): Promise<T> {
  for (const until = performance.now() + patienceMs; ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (!isLocked(error) || performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  }
}

const isLocked = (error: unknown): boolean => (error as Error).name === 'NoModificationAllowedError';

/** Any name becomes one plain file name. */
const fileOf = (name: string): string => `${encodeURIComponent(name).replaceAll('.', '%2E')}.overlay`;

function failure(name: string, error: unknown): PackError {
  if (isLocked(error)) {
    return new PackError('locked', `the saved disk '${name}' is open in another tab; close that tab, or use a temporary disk`, { cause: error });
  }
  if ((error as Error).name === 'QuotaExceededError') {
    return new PackError('io', `the browser's storage is full, so the saved disk '${name}' cannot grow; free some space`, { cause: error });
  }
  return new PackError('io', `the saved disk '${name}' cannot be opened: ${messageOf(error)}`, { cause: error });
}
