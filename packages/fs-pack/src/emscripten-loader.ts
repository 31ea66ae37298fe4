/** Writes the loader script of an Emscripten pack: what a page includes before the program, as it does with the output of
 *  `file_packager.py`. The script talks to `Module` by Emscripten's documented interface only: `preRun`, run dependencies,
 *  `FS_createPath`, `FS_createDataFile`, `locateFile`, `getPreloadedPackage`, `setStatus` (emscripten.org, "Module object" and
 *  "Packaging Files"). */
import type { EmscriptenMetadata } from './emscripten-metadata.ts';

export interface LoaderOptions {
  /** Data file as named on the command line; the page looks for its last part beside itself. */
  readonly dataFile: string;
  readonly metadata: EmscriptenMetadata;
  /** The global to attach to; default `Module`. */
  readonly exportName?: string;
  /** Name of the metadata file; absent: metadata are part of the script. */
  readonly metadataFile?: string;
  /** Keep the data file in IndexedDB, under the pack's uuid. */
  readonly usePreloadCache?: boolean;
  readonly indexedDbName?: string;
  /** Let Emscripten's plug-ins decode images and sound. */
  readonly usePreloadPlugins?: boolean;
  /** Leave the code for Node out. */
  readonly noNode?: boolean;
}

/** A JavaScript literal that is also safe inside a `<script>` element. */
const literal = (value: unknown): string =>
  JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Each directory once, parents first, as [parent, name]. */
export function directoriesOf(metadata: EmscriptenMetadata): [string, string][] {
  const seen = new Set<string>();
  const list: [string, string][] = [];
  for (const { filename } of metadata.files) {
    const parts = filename.split('/').slice(1, -1);
    parts.forEach((name, i) => {
      const parent = `/${parts.slice(0, i).join('/')}`;
      const path = `${parent}/${name}`;
      if (seen.has(path)) return;
      seen.add(path);
      list.push([parent, name]);
    });
  }
  return list;
}

export function emscriptenLoader(options: LoaderOptions): string {
  const name = options.exportName ?? 'Module';
  return `
var ${name} = typeof ${name} !== 'undefined' ? ${name} : {};
(function (Module) {
  'use strict';
  if (Module['ENVIRONMENT_IS_PTHREAD']) return; // a pthread's file system is the main thread's
  Module['expectedDataFileDownloads'] = (Module['expectedDataFileDownloads'] || 0) + 1;
  var PACKAGE_NAME = ${literal(options.dataFile)};
  var REMOTE_BASE = ${literal(baseName(options.dataFile))};
  var locate = function (file) {
    var hook = Module['locateFile'] || Module['locateFilePackage'];
    return hook ? hook(file, '') : file;
  };
  var report = function (error) { console.error('package error:', error); };
  var whenRunning = function (work) {
    if (Module['calledRun']) work();
    else (Module['preRun'] = Module['preRun'] || []).push(work);
  };
${fetchCode(options)}
${options.usePreloadCache ? cacheCode(options) : ''}
  function loadPackage(metadata) {
    var remoteName = locate(REMOTE_BASE);
    var get = function () { return ${options.usePreloadCache ? 'fetchCached' : 'fetchData'}(remoteName, metadata); };
    var early = Module['getPreloadedPackage'] ? Module['getPreloadedPackage'](remoteName, metadata['remote_package_size']) : null;
    var arriving = early ? Promise.resolve(early) : ${options.usePreloadCache ? 'null' : 'get()'};
    if (arriving) arriving.catch(function () {}); // reported below, when somebody waits for it
    whenRunning(function () {
      var dependency = 'datafile_' + PACKAGE_NAME;
      Module['addRunDependency'](dependency);
      Module['preloadResults'] = Module['preloadResults'] || {};
      Module['preloadResults'][PACKAGE_NAME] = { fromCache: false };
${directoriesOf(options.metadata).map(([parent, dir]) => `      Module['FS_createPath'](${literal(parent)}, ${literal(dir)}, true, true);`).join('\n')}
      metadata['files'].forEach(function (file) { Module['addRunDependency']('fp ' + file['filename']); });
      (arriving || get()).then(function (data) {
        if (data.byteLength !== metadata['remote_package_size']) {
          throw new Error(PACKAGE_NAME + ' has ' + data.byteLength + ' bytes and should have ' + metadata['remote_package_size']);
        }
        var bytes = new Uint8Array(data);
        metadata['files'].forEach(function (file) {
          var contents = bytes.subarray(file['start'], file['end']);
          var done = function () { Module['removeRunDependency']('fp ' + file['filename']); };
${options.usePreloadPlugins ? pluginCode : dataFileCode}
        });
        Module['removeRunDependency'](dependency);
      }).catch(report);
    });
  }
${options.metadataFile === undefined ? `  loadPackage(${literal(options.metadata)});` : separateCode(options.metadataFile)}
})(${name});
`;
}

const dataFileCode = `          Module['FS_createDataFile'](file['filename'], null, contents, true, true, true);
          done();`;

const pluginCode = `          var failed = function () { done(); report(new Error('preloading ' + file['filename'] + ' failed')); };
          Module['FS_createPreloadedFile'](file['filename'], null, contents, true, true, done, failed, false, true);`;

function separateCode(metadataFile: string): string {
  return `  whenRunning(function () {
    var name = ${literal(baseName(metadataFile))};
    Module['addRunDependency'](name);
    fetchBuffer(locate(name)).then(function (data) {
      loadPackage(JSON.parse(new TextDecoder().decode(data)));
      Module['removeRunDependency'](name);
    }).catch(report);
  });`;
}

function fetchCode({ noNode }: LoaderOptions): string {
  const node = `    if (typeof process === 'object' && process.versions && process.versions.node) {
      var fs = typeof require === 'function' ? require('fs') : process.getBuiltinModule('fs');
      return fs.promises.readFile(url).then(function (b) { return b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength); });
    }
`;
  return `  function fetchBuffer(url, onProgress) {
${noNode ? '' : node}    return new Promise(function (resolve, reject) {
      var xhr = new XMLHttpRequest();
      xhr.open('GET', url, true);
      xhr.responseType = 'arraybuffer';
      xhr.onprogress = onProgress || null;
      xhr.onerror = function () { reject(new Error('NetworkError for: ' + url)); };
      xhr.onload = function () {
        var ok = (xhr.status >= 200 && xhr.status < 300) || xhr.status === 304 || (xhr.status === 0 && xhr.response); // file: has no status
        if (ok) resolve(xhr.response);
        else reject(new Error(xhr.status + ' ' + xhr.statusText + ' : ' + url));
      };
      xhr.send(null);
    });
  }
  function fetchData(url, metadata) {
    return fetchBuffer(url, function (event) {
      var downloads = Module['dataFileDownloads'] = Module['dataFileDownloads'] || {};
      downloads[url] = { loaded: event.loaded, total: event.lengthComputable ? event.total : metadata['remote_package_size'] };
      var all = Object.keys(downloads).map(function (key) { return downloads[key]; });
      var sum = function (key) { return all.reduce(function (n, d) { return n + d[key]; }, 0); };
      var total = Math.ceil(sum('total') * Module['expectedDataFileDownloads'] / all.length);
      if (Module['setStatus']) Module['setStatus']('Downloading data... (' + sum('loaded') + '/' + total + ')');
    });
  }`;
}

/** The same database layout as the real tool's, so that caches stay valid: stores METADATA and PACKAGES, parts of 64 MB. */
function cacheCode({ indexedDbName }: LoaderOptions): string {
  return `  var PART = 64 * 1024 * 1024; // browsers limit the size of one record
  function settled(request) {
    return new Promise(function (resolve, reject) {
      request.onsuccess = function () { resolve(request.result); };
      request.onerror = function () { reject(request.error); };
    });
  }
  function openDatabase() {
    var request = indexedDB.open(${literal(indexedDbName ?? 'EM_PRELOAD_CACHE')}, 1);
    request.onupgradeneeded = function () {
      ['METADATA', 'PACKAGES'].forEach(function (store) {
        if (request.result.objectStoreNames.contains(store)) request.result.deleteObjectStore(store);
        request.result.createObjectStore(store);
      });
    };
    return settled(request);
  }
  function store(db, name, mode) { return db.transaction([name], mode).objectStore(name); }
  function cacheKey() {
    var path = typeof location === 'undefined' ? '' : location.pathname;
    return encodeURIComponent(path.substring(0, path.lastIndexOf('/')) + '/') + PACKAGE_NAME;
  }
  async function readCache(db, metadata) {
    var found = await settled(store(db, 'METADATA', 'readonly').get('metadata/' + cacheKey()));
    if (!found || found.uuid !== metadata['package_uuid']) return null;
    var bytes = new Uint8Array(metadata['remote_package_size']);
    for (var i = 0, at = 0; i < found.chunkCount; i++) {
      var part = await settled(store(db, 'PACKAGES', 'readonly').get('package/' + cacheKey() + '/' + i));
      if (!part || at + part.byteLength > bytes.length) return null;
      bytes.set(new Uint8Array(part), at);
      at += part.byteLength;
    }
    return at === bytes.length ? bytes.buffer : null;
  }
  async function writeCache(db, metadata, data) {
    var count = Math.ceil(data.byteLength / PART);
    for (var i = 0; i < count; i++) {
      await settled(store(db, 'PACKAGES', 'readwrite').put(data.slice(i * PART, (i + 1) * PART), 'package/' + cacheKey() + '/' + i));
    }
    await settled(store(db, 'METADATA', 'readwrite').put({ uuid: metadata['package_uuid'], chunkCount: count }, 'metadata/' + cacheKey()));
  }
  async function fetchCached(url, metadata) {
    var db = null;
    try {
      db = await openDatabase();
      var cached = await readCache(db, metadata);
      if (cached) {
        Module['preloadResults'][PACKAGE_NAME].fromCache = true;
        return cached;
      }
    } catch (error) {
      console.error(error, 'falling back to a download');
    }
    var data = await fetchData(url, metadata);
    if (db) await writeCache(db, metadata, data).catch(function (error) { console.error(error); });
    return data;
  }
`;
}
