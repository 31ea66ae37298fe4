/** Opens a pack of either format by where it is: a directory, a manifest, a loader script, or the URL of one of them. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { inflateRaw as inflateRawCallback } from 'node:zlib';
import { HttpSource, type ChunkSource, type HttpSourceOptions } from './chunk-source.ts';
import { ChunkedPack, type ChunkedPackOptions } from './chunked-pack.ts';
import { checkEmscriptenMetadata, emscriptenPackFs, metadataOfLoader, type EmscriptenMetadata } from './emscripten-metadata.ts';
import { messageOf, PackError } from './errors.ts';
import type { Inflate } from './inflate.ts';
import { MANIFEST_NAME } from './manifest.ts';
import type { PackFs } from './pack-fs.ts';

/** A pack in a directory of this machine. */
export class DirectorySource implements ChunkSource {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  async fetch(name: string): Promise<Uint8Array> {
    return readFile(join(this.directory, name)).catch((error: unknown) => {
      throw new PackError('missing', `'${join(this.directory, name)}' cannot be read: ${messageOf(error)}`, { cause: error });
    });
  }
}

const inflateCallback = promisify(inflateRawCallback);

/** Faster than the platform's streams: no copies between threads. */
export const inflateZlib: Inflate = async (stored, bytes) => {
  const contents = await inflateCallback(stored, { maxOutputLength: bytes }).catch((error: unknown) => {
    throw new PackError('corrupt', `a chunk does not inflate to its ${bytes} bytes: ${messageOf(error)}`, { cause: error });
  });
  if (contents.length !== bytes) throw new PackError('corrupt', `a chunk inflates to ${contents.length} of its ${bytes} bytes`);
  return contents;
};

const isUrl = (location: string): boolean => /^https?:\/\//.test(location);

/** A source for the directory that a location names or lies in. */
function sourceOf(directory: string, http?: HttpSourceOptions): ChunkSource {
  return isUrl(directory) ? new HttpSource(directory, http) : new DirectorySource(directory);
}

export interface OpenPackOptions extends Partial<ChunkedPackOptions> {
  readonly http?: HttpSourceOptions;
  /** Data file of an Emscripten pack; default the loader's name with `.data` instead of `.js`. */
  readonly dataFile?: string;
}

/** An opened pack, and how to let go of it. */
export interface OpenPack {
  readonly files: PackFs;
  /** Set for a chunked pack. */
  readonly chunked?: ChunkedPack;
  close(): void;
}

/** Rejects with `PackError`. */
export async function openPack(location: string, options: OpenPackOptions = {}): Promise<OpenPack> {
  if (/\.js$/.test(location)) return openEmscripten(location, options);
  const directory = location.endsWith(MANIFEST_NAME) ? dirname(location) : location;
  if (!isUrl(location)) {
    const found = await stat(location).catch((error: unknown) => {
      throw new PackError('missing', `'${location}' is no pack: ${messageOf(error)}`, { cause: error });
    });
    if (found.isFile() && directory === location) {
      throw new PackError('format', `'${location}' is no pack: give the directory with ${MANIFEST_NAME}, or the loader script of a data file`);
    }
  }
  const chunked = await ChunkedPack.open({ inflate: inflateZlib, source: sourceOf(directory, options.http), ...options });
  return { files: chunked.files, chunked, close: () => chunked.close() };
}

async function openEmscripten(location: string, options: OpenPackOptions): Promise<OpenPack> {
  const source = sourceOf(dirname(location), options.http);
  const name = location.slice(location.lastIndexOf('/') + 1);
  const script = new TextDecoder().decode(await source.fetch(name));
  const metadata = metadataOfLoader(script) ?? (await separateMetadata(source, `${name}.metadata`));
  const dataFile = options.dataFile ?? dataFileOf(script) ?? `${name.slice(0, -3)}.data`;
  const files = emscriptenPackFs(metadata, await source.fetch(dataFile));
  return { files, close: () => {} };
}

/** Every version of the script keeps the data file's name in a variable. */
function dataFileOf(script: string): string | undefined {
  const quoted = /\bREMOTE_(?:PACKAGE_)?BASE = (?:'((?:[^'\\]|\\.)*)'|("(?:[^"\\]|\\.)*"))/.exec(script);
  if (!quoted) return undefined;
  return quoted[1] === undefined ? (JSON.parse(quoted[2]!) as string) : quoted[1].replace(/\\(.)/g, '$1');
}

async function separateMetadata(source: ChunkSource, name: string): Promise<EmscriptenMetadata> {
  const text = new TextDecoder().decode(await source.fetch(name));
  try {
    return checkEmscriptenMetadata(JSON.parse(text));
  } catch (error) {
    if (error instanceof PackError) throw error;
    throw new PackError('format', `'${name}' is not JSON: it is truncated, or of something else`, { cause: error });
  }
}
