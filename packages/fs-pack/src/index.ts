/** Packs of files for a page: Emscripten's format and the chunked one, behind one read-only tree; and a saved overlay over it. */
export { CacheApiChunks, MemoryChunks, type CacheLike, type ChunkCache } from './chunk-cache.ts';
export { HttpSource, type ChunkSource, type HttpSourceOptions } from './chunk-source.ts';
export { ChunkStore, type ChunkStats, type ChunkStoreOptions } from './chunk-store.ts';
export { ChunkedBlock, ChunkedPack, type ChunkedPackOptions } from './chunked-pack.ts';
export { emscriptenLoader, type LoaderOptions } from './emscripten-loader.ts';
export {
  checkEmscriptenMetadata, emscriptenPackFs, metadataOfLoader, type EmscriptenFile, type EmscriptenMetadata,
} from './emscripten-metadata.ts';
export { filesOfModule, type EmscriptenModule, type ModuleFilesOptions } from './emscripten-module.ts';
export { PackError, type PackErrorReason } from './errors.ts';
export { inflateRaw, type Inflate } from './inflate.ts';
export { chunkName, MANIFEST_NAME, parseManifest, type Manifest, type ManifestChunk, type ManifestFile, type ManifestRun } from './manifest.ts';
export { canKeepOverlays, openOpfsOverlay, resetOpfsOverlay, type OpfsDirectory, type OpfsFile, type OpfsOptions } from './opfs.ts';
export { OverlayStore, type OverlayBase, type OverlayOptions, type SyncFile } from './overlay-store.ts';
export { BytesFile, PackFs, ReadonlyFile, type PackFile } from './pack-fs.ts';
export { checkPackPath } from './paths.ts';
export { sha256, sha256Sync } from './sha256.ts';
