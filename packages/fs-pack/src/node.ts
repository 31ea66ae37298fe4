/** What needs Node: writing packs, opening packs on this machine, extracting them, the command line. */
export { runCli, type CliHost } from './cli-run.ts';
export { chunkFiles, type ChunkOptions, type ChunkResult } from './node-chunker.ts';
export { collectFiles, splitMapping, type CollectedFile, type Collection, type CollectOptions } from './node-collect.ts';
export { extractFiles, type ExtractOptions } from './node-extract.ts';
export { DirectorySource, inflateZlib, openPack, type OpenPack, type OpenPackOptions } from './node-open.ts';
export { FileStore } from './node-file-store.ts';
export { packFiles, type PackOptions, type PackResult } from './node-packager.ts';
