import { expect, test } from 'vitest';
import * as main from './index.ts';
import * as node from './node.ts';

test('the names that the package exports', () => {
  expect(Object.keys(main)).toMatchInlineSnapshot(`
    [
      "CacheApiChunks",
      "MemoryChunks",
      "HttpSource",
      "ChunkStore",
      "ChunkedBlock",
      "ChunkedPack",
      "emscriptenLoader",
      "checkEmscriptenMetadata",
      "emscriptenPackFs",
      "metadataOfLoader",
      "filesOfModule",
      "PackError",
      "inflateRaw",
      "chunkName",
      "MANIFEST_NAME",
      "parseManifest",
      "canKeepOverlays",
      "openOpfsOverlay",
      "resetOpfsOverlay",
      "OverlayStore",
      "BytesFile",
      "PackFs",
      "ReadonlyFile",
      "checkPackPath",
      "sha256",
      "sha256Sync",
    ]
  `);
  expect(Object.keys(node)).toMatchInlineSnapshot(`
    [
      "runCli",
      "chunkFiles",
      "collectFiles",
      "splitMapping",
      "extractFiles",
      "DirectorySource",
      "inflateZlib",
      "openPack",
      "FileStore",
      "packFiles",
    ]
  `);
});
