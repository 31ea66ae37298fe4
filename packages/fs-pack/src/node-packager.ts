/** Writes Emscripten packs: the data file, its loader script, and metadata beside it if asked. Streams: memory does not grow with
 *  the files. The same input gives the same output, because the pack's uuid is the hash of its contents. */
import { createHash } from 'node:crypto';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf, PackError } from './errors.ts';
import { emscriptenLoader } from './emscripten-loader.ts';
import type { EmscriptenFile, EmscriptenMetadata } from './emscripten-metadata.ts';
import { collectFiles, type CollectedFile, type CollectOptions } from './node-collect.ts';

export interface PackOptions extends CollectOptions {
  /** The data file to write. */
  readonly target: string;
  /** Where the loader script goes; absent: it is only returned. */
  readonly jsOutput?: string;
  /** Writes metadata to `<jsOutput>.metadata`. */
  readonly separateMetadata?: boolean;
  readonly exportName?: string;
  readonly usePreloadCache?: boolean;
  readonly indexedDbName?: string;
  readonly usePreloadPlugins?: boolean;
  readonly noNode?: boolean;
}

export interface PackResult {
  readonly metadata: EmscriptenMetadata;
  /** The loader script. */
  readonly loader: string;
  readonly warnings: readonly string[];
}

const BUFFER_BYTES = 1024 * 1024;

/** Rejects with `PackError`; then no output file has been touched. */
export async function packFiles(options: PackOptions): Promise<PackResult> {
  const { target, jsOutput, separateMetadata = false } = options;
  if (jsOutput !== undefined && resolve(jsOutput) === resolve(target)) {
    throw new PackError('usage', `the data file and the script would both be '${target}'; choose another --js-output`);
  }
  if (separateMetadata && jsOutput === undefined) {
    throw new PackError('usage', '--separate-metadata needs --js-output=FILE, because the metadata lie beside that file');
  }
  const { files, warnings } = collectFiles(options);
  if (files.length === 0) throw new PackError('usage', 'nothing to pack: no file was found; check --preload and --exclude');
  const metadata = await writeData(target, files);
  const metadataFile = separateMetadata ? `${jsOutput}.metadata` : undefined;
  const loader = emscriptenLoader({ ...options, dataFile: target, metadata, metadataFile });
  if (metadataFile !== undefined) await writeFile(metadataFile, JSON.stringify(metadata));
  if (jsOutput !== undefined) await writeFile(jsOutput, loader);
  return { metadata, loader, warnings };
}

async function writeData(target: string, files: readonly CollectedFile[]): Promise<EmscriptenMetadata> {
  const partial = `${target}.partial-${process.pid}`;
  const hash = createHash('sha256');
  const placed: EmscriptenFile[] = [];
  let at = 0;
  const out = await open(partial, 'w').catch((error: unknown) => {
    throw new PackError('io', `'${target}' cannot be written: ${messageOf(error)}`, { cause: error });
  });
  try {
    for (const { source, filename } of files) {
      const start = at;
      for await (const piece of pieces(source)) {
        hash.update(piece);
        await out.appendFile(piece);
        at += piece.length;
      }
      hash.update(`\0${filename}\0${at - start}\0`);
      placed.push({ filename, start, end: at });
    }
    await out.close();
    await rename(partial, target);
  } catch (error) {
    await out.close().catch(() => {});
    await rm(partial, { force: true });
    throw error instanceof PackError ? error : new PackError('io', `'${target}' could not be written: ${messageOf(error)}`, { cause: error });
  }
  return { files: placed, remote_package_size: at, package_uuid: `sha256-${hash.digest('hex')}` };
}

/** A file's contents; each piece is valid until the next one is asked for. */
async function* pieces(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path).catch((error: unknown) => {
    throw new PackError('missing', `'${path}' cannot be read: ${messageOf(error)}`, { cause: error });
  });
  try {
    const buffer = new Uint8Array(BUFFER_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
