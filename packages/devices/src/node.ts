/** What needs Node: disks in files of the host. The rest of the package runs in a browser as it is. */
export { CACHE_MODES, FileBlock, type CacheMode, type FileBlockOptions } from './block-file.ts';
