/** Writes the files of a pack to a directory. Nothing is written outside it: names were checked when the pack was opened, and
 *  symbolic links that lie in the way are refused. Runs of zeros become holes. */
import { lstat, mkdir, open, rm } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { messageOf, PackError } from './errors.ts';
import type { PackFile } from './pack-fs.ts';

export interface ExtractOptions {
  /** Replaces files that exist; otherwise they are an error. */
  readonly overwrite?: boolean;
}

const STEP_BYTES = 1024 * 1024;

/** Rejects with `PackError`; files written before the failure stay, the one that failed does not. */
export async function extractFiles(files: readonly PackFile[], target: string, options: ExtractOptions = {}): Promise<void> {
  await mkdir(target, { recursive: true });
  for (const file of files) {
    const parts = file.path.split('/');
    let directory = target;
    for (const part of parts.slice(0, -1)) {
      directory = join(directory, part);
      await makeRealDirectory(directory);
    }
    await extractFile(file, join(directory, parts.at(-1)!), options.overwrite ?? false);
  }
}

async function makeRealDirectory(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) await mkdir(path);
  else if (!found.isDirectory()) throw new PackError('path', `'${path}' is in the way and no directory; extract somewhere else`);
}

async function extractFile(file: PackFile, path: string, overwrite: boolean): Promise<void> {
  if (overwrite) await rm(path, { force: true });
  // O_EXCL also refuses a symbolic link, wherever it leads.
  const out = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EEXIST' ? 'it exists; pass --force to replace it' : messageOf(error);
    throw new PackError('io', `'${path}' cannot be written: ${why}`, { cause: error });
  });
  try {
    await out.truncate(file.size);
    const buffer = new Uint8Array(Math.min(STEP_BYTES, file.size));
    const zeros = new Uint8Array(buffer.length);
    for (let at = 0; at < file.size; at += buffer.length) {
      const piece = buffer.subarray(0, Math.min(buffer.length, file.size - at));
      await file.read(at, piece);
      if (Buffer.compare(piece, zeros.subarray(0, piece.length)) !== 0) await out.write(piece, 0, piece.length, at);
    }
    await out.close();
  } catch (error) {
    await out.close().catch(() => {});
    await rm(path, { force: true });
    throw error instanceof PackError ? error : new PackError('io', `'${path}' could not be written: ${messageOf(error)}`, { cause: error });
  }
}
