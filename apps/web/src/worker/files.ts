/**
 * Files by the names that the machine's options use. A name is looked up in this order: files that the page gave; the chunked pack in
 * its directory (`pack/rootfs.bin` in `pack/manifest.json`); a plain download. `-L` names directories that are tried after the current one.
 */
import { MemoryBlock, ReadonlyBlock, type BlockBackend } from '@emu/devices';
import { CacheApiChunks, ChunkedPack, MANIFEST_NAME, PackError, sha256, type ChunkSource, type PackFile } from '@emu/fs-pack';
import type { FileContents, NamedFile } from '../protocol.ts';
import { BlobDisk } from './blob-disk.ts';
import type { Downloads } from './download.ts';

/** Something to boot from, and a name for its contents that an overlay remembers. */
export interface BaseDisk {
  readonly disk: BlockBackend;
  readonly id: string;
}

/** How a found file is reached. */
type Found =
  | { readonly kind: 'given'; readonly contents: FileContents }
  | { readonly kind: 'packed'; readonly pack: ChunkedPack; readonly file: PackFile }
  | { readonly kind: 'url'; readonly url: string };

export class Files {
  readonly #downloads: Downloads;
  readonly #given = new Map<string, FileContents>();
  readonly #packs = new Map<string, Promise<ChunkedPack | undefined>>();
  readonly #opened: ChunkedPack[] = [];

  constructor(downloads: Downloads) {
    this.#downloads = downloads;
  }

  /** Chunks that the browser's cache had. */
  get cachedChunks(): number {
    return this.#opened.reduce((sum, pack) => sum + pack.stats.cachedChunks, 0);
  }

  /** Later files replace earlier ones of the same name. */
  add(files: readonly NamedFile[]): void {
    for (const { name, contents } of files) this.#given.set(normalise(name), contents);
  }

  /** The contents of a kernel, an initrd and the like. */
  async read(name: string, look: LookUp): Promise<Uint8Array> {
    const found = await this.#find(name, look);
    try {
      if (found.kind === 'given') return await bytesOf(found.contents);
      if (found.kind === 'packed') return await this.#unpack(found.file, name);
      return await this.#downloads.file(found.url, name);
    } catch (error) {
      throw named(name, error);
    }
  }

  /** A disk, read-only. */
  async open(name: string, look: LookUp): Promise<BaseDisk> {
    const found = await this.#find(name, look);
    try {
      if (found.kind === 'packed') return { disk: found.file, id: await textId(`${found.pack.id} ${found.file.path}`) };
      if (found.kind === 'given' && found.contents instanceof Blob) {
        return { disk: new BlobDisk(found.contents, `'${name}'`), id: await blobId(found.contents) };
      }
      const bytes = found.kind === 'given' ? await bytesOf(found.contents) : await this.#downloads.file(found.url, name);
      return { disk: new ReadonlyBlock(new MemoryBlock(bytes)), id: await sha256(bytes) };
    } catch (error) {
      throw named(name, error);
    }
  }

  async #find(name: string, { baseUrl, dataDirs }: LookUp): Promise<Found> {
    const candidates = [name, ...dataDirs.map((dir) => `${dir.replace(/\/+$/, '')}/${name}`)];
    for (const candidate of candidates) {
      const contents = this.#given.get(normalise(candidate));
      if (contents !== undefined) return { kind: 'given', contents };
    }
    for (const candidate of candidates) {
      const url = new URL(candidate, baseUrl).href;
      const at = url.lastIndexOf('/') + 1;
      const pack = await this.#packAt(url.slice(0, at));
      const file = pack?.files.get(decodeURIComponent(url.slice(at)));
      if (pack && file) return { kind: 'packed', pack, file };
    }
    return { kind: 'url', url: new URL(name, baseUrl).href };
  }

  /** The pack in the directory `url`, opened once; undefined where there is none. A pack that could not be loaded is tried again. */
  #packAt(url: string): Promise<ChunkedPack | undefined> {
    let pack = this.#packs.get(url);
    if (!pack) {
      pack = this.#openPack(url);
      this.#packs.set(url, pack);
      pack.catch(() => this.#packs.delete(url));
    }
    return pack;
  }

  async #openPack(url: string): Promise<ChunkedPack | undefined> {
    const http = this.#downloads.source(url);
    let manifest: Uint8Array;
    try {
      manifest = await http.fetch(MANIFEST_NAME);
    } catch (error) {
      if (error instanceof PackError && error.reason === 'missing') return undefined;
      throw error;
    }
    if (manifest[0] !== '{'.charCodeAt(0)) return undefined; // a host that answers with its front page
    const source: ChunkSource = { fetch: async (file, options) => (file === MANIFEST_NAME ? manifest : http.fetch(file, options)) };
    const pack = await ChunkedPack.open({ source, cache: await CacheApiChunks.open() });
    this.#opened.push(pack);
    return pack;
  }

  async #unpack(file: PackFile, label: string): Promise<Uint8Array> {
    const STEP = 1024 * 1024;
    const report = this.#downloads.progress(label, file.size);
    const bytes = new Uint8Array(file.size);
    try {
      for (let at = 0; at < file.size; at += STEP) {
        await file.read(at, bytes.subarray(at, at + STEP));
        report.to(Math.min(file.size, at + STEP), file.size);
      }
    } finally {
      report.end();
    }
    return bytes;
  }
}

export interface LookUp {
  readonly baseUrl: string;
  /** `-L`. */
  readonly dataDirs: readonly string[];
}

async function bytesOf(contents: FileContents): Promise<Uint8Array> {
  if (contents instanceof Uint8Array) return contents;
  return new Uint8Array(contents instanceof Blob ? await contents.arrayBuffer() : contents);
}

/** A picked file is known by what the file system says of it and its first mebibyte; hashing all of a large image would take minutes. */
async function blobId(blob: Blob): Promise<string> {
  const { name = '', lastModified = 0 } = blob as File;
  const head = await sha256(new Uint8Array(await blob.slice(0, 1024 * 1024).arrayBuffer()));
  return textId(`${name}\n${blob.size}\n${lastModified}\n${head}`);
}

const textId = (text: string): Promise<string> => sha256(new TextEncoder().encode(text));

/** Without leading `./` and `/`: a pack's files are at the root of its file system, options name them relative to it. */
const normalise = (name: string): string => name.replace(/^(\.?\/)+/, '').replace(/\/{2,}/g, '/');

function named(name: string, error: unknown): PackError {
  const { reason = 'io', message } = error as Error & { reason?: PackError['reason'] };
  return new PackError(reason, `could not load '${name}': ${message}`, { cause: error });
}
