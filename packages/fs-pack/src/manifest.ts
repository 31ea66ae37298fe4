/** The chunked format: `manifest.json` beside a directory of chunks.
 *
 *  A file is cut into chunks of equal size (the last one may be short). A chunk is stored once under the SHA-256 of its contents
 *  as `chunks/ab/abcdef...`, raw-deflated where that saves anything; a chunk of zeros is not stored at all. Any static host serves
 *  it, and two images share what they have in common. The manifest is JSON:
 *
 *      { "format": "fs-pack-chunks", "version": 1, "chunkBytes": 131072,
 *        "chunks": [["<sha256 of the contents>", <stored bytes>, <content bytes>], ...],
 *        "files": [{ "path": "rootfs.bin", "size": 1073741824, "chunks": [[<first chunk or -1 for zeros>, <count>], ...] }] }
 *
 *  Stored and content bytes being equal means that the chunk is stored as it is. */
import { PackError } from './errors.ts';
import { checkPackPath, checkPackTree } from './paths.ts';

export const MANIFEST_NAME = 'manifest.json';
export const MANIFEST_FORMAT = 'fs-pack-chunks';
export const MANIFEST_VERSION = 1;
export const DEFAULT_CHUNK_BYTES = 128 * 1024;
export const MIN_CHUNK_BYTES = 4 * 1024;
export const MAX_CHUNK_BYTES = 16 * 1024 * 1024;
/** A run of this "first chunk" is zeros. */
export const ZERO_CHUNK = -1;

/** Sizes beyond these are mistakes or attacks. */
const MAX_FILE_BYTES = 2 ** 44;
const MAX_CHUNKS = 4_000_000;
const MAX_FILE_CHUNKS = 2 ** 24;
const MAX_MANIFEST_BYTES = 512 * 2 ** 20;
const HASH = /^[0-9a-f]{64}$/;

/** [SHA-256 of the contents, stored bytes, content bytes] */
export type ManifestChunk = readonly [hash: string, storedBytes: number, bytes: number];
/** [first chunk, count]: `count` chunks with ascending numbers, or zeros. */
export type ManifestRun = readonly [first: number, count: number];

export interface ManifestFile {
  readonly path: string;
  readonly size: number;
  readonly chunks: readonly ManifestRun[];
}

export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly version: number;
  readonly chunkBytes: number;
  readonly chunks: readonly ManifestChunk[];
  readonly files: readonly ManifestFile[];
}

/** Where a chunk is, relative to the manifest. */
export const chunkName = (hash: string): string => `chunks/${hash.slice(0, 2)}/${hash}`;

export const isChunkBytes = (bytes: number): boolean =>
  Number.isSafeInteger(bytes) && bytes >= MIN_CHUNK_BYTES && bytes <= MAX_CHUNK_BYTES && (bytes & (bytes - 1)) === 0;

const bad = (what: string): never => {
  throw new PackError('format', `the pack's manifest ${what}; build the pack again or fetch it anew`);
};

/** Parses and validates everything that later code relies on. Throws `PackError` of reason `format` or `path`. */
export function parseManifest(text: string): Manifest {
  if (text.length > MAX_MANIFEST_BYTES) bad(`has ${text.length} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PackError('format', 'the pack\'s manifest is not JSON: it is truncated, or this is no chunked pack', { cause: error });
  }
  if (typeof value !== 'object' || value === null) return bad('is not an object');
  const { format, version, chunkBytes, chunks, files } = value as Record<string, unknown>;
  if (format !== MANIFEST_FORMAT) return bad(`has the format ${JSON.stringify(format)} instead of "${MANIFEST_FORMAT}"`);
  if (version !== MANIFEST_VERSION) return bad(`has version ${JSON.stringify(version)}; this program reads version ${MANIFEST_VERSION}`);
  if (typeof chunkBytes !== 'number' || !isChunkBytes(chunkBytes)) return bad(`has chunkBytes ${JSON.stringify(chunkBytes)}`);
  const list = checkChunks(chunks, chunkBytes);
  if (!Array.isArray(files) || files.length > MAX_CHUNKS) return bad('has no list of files');
  const checked = files.map((file) => checkFile(file, list, chunkBytes));
  checkPackTree(checked.map(({ path }) => path));
  return { format, version, chunkBytes, chunks: list, files: checked };
}

function checkChunks(value: unknown, chunkBytes: number): ManifestChunk[] {
  if (!Array.isArray(value) || value.length > MAX_CHUNKS) return bad('has no list of chunks, or an absurd one');
  return value.map((chunk: unknown, i): ManifestChunk => {
    const [hash, stored, bytes] = Array.isArray(chunk) ? (chunk as unknown[]) : [];
    if (typeof hash !== 'string' || !HASH.test(hash)) return bad(`has chunk ${i} with the hash ${JSON.stringify(hash)}`);
    if (!isCount(bytes) || bytes > chunkBytes || !isCount(stored) || stored > bytes) {
      return bad(`has chunk ${i} with ${String(bytes)} bytes stored in ${String(stored)}`);
    }
    return [hash, stored, bytes];
  });
}

function checkFile(value: unknown, list: readonly ManifestChunk[], chunkBytes: number): ManifestFile {
  const { path: name, size, chunks } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const path = checkPackPath(name);
  if (!Number.isSafeInteger(size) || (size as number) < 0 || (size as number) > MAX_FILE_BYTES) return bad(`gives '${path}' ${String(size)} bytes`);
  if ((size as number) / chunkBytes > MAX_FILE_CHUNKS) return bad(`cuts '${path}' of ${String(size)} bytes into chunks of only ${chunkBytes}`);
  if (!Array.isArray(chunks) || chunks.length > MAX_CHUNKS) return bad(`has no chunks for '${path}'`);
  let at = 0;
  const runs = chunks.map((run: unknown): ManifestRun => {
    const [first, count] = Array.isArray(run) ? (run as unknown[]) : [];
    if (!isCount(count) || !Number.isSafeInteger(first) || (first as number) < ZERO_CHUNK) return bad(`has a run [${String(run)}] in '${path}'`);
    if (first !== ZERO_CHUNK) {
      if ((first as number) + count > list.length) return bad(`has a run of '${path}' past its last chunk`);
      for (let i = 0; i < count; i++) {
        const expected = Math.min(chunkBytes, (size as number) - (at + i) * chunkBytes);
        const [, , bytes] = list[(first as number) + i]!;
        if (bytes !== expected) return bad(`has ${bytes} bytes in chunk ${at + i} of '${path}', where ${expected} belong`);
      }
    }
    at += count;
    return [first as number, count];
  });
  if (at !== Math.ceil((size as number) / chunkBytes)) return bad(`has ${at} chunks for the ${String(size)} bytes of '${path}'`);
  return { path, size: size as number, chunks: runs };
}

const isCount = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) > 0;
