/** Emscripten's pack format, read: one data file with all contents end to end, and metadata that `file_packager.py` writes into
 *  its loader script or beside it (`--separate-metadata`). Made from the tool's output; versions 1.39 to 4 share it. */
import { PackError } from './errors.ts';
import { BytesFile, PackFs } from './pack-fs.ts';
import { checkPackPath, checkPackTree } from './paths.ts';

export interface EmscriptenFile {
  /** Absolute in Emscripten's file system: `/pack/bzImage`. */
  readonly filename: string;
  /** Byte range in the data file. */
  readonly start: number;
  readonly end: number;
}

export interface EmscriptenMetadata {
  readonly files: readonly EmscriptenFile[];
  readonly remote_package_size: number;
  readonly package_uuid?: string;
}

const MAX_FILES = 1_000_000;

/** Validates parsed JSON. Throws `PackError` of reason `format` or `path`. */
export function checkEmscriptenMetadata(value: unknown): EmscriptenMetadata {
  const bad = (what: string): never => {
    throw new PackError('format', `the pack's metadata ${what}; build the pack again`);
  };
  const isSize = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  if (typeof value !== 'object' || value === null) return bad('is not an object');
  const { files, remote_package_size: total, package_uuid: uuid } = value as Record<string, unknown>;
  if (!isSize(total)) return bad(`has remote_package_size ${String(total)}`);
  if (!Array.isArray(files) || files.length > MAX_FILES) return bad('has no list of files, or an absurd one');
  const checked = files.map((file: unknown) => {
    const { filename, start, end } = (file ?? {}) as Record<string, unknown>;
    const path = checkPackPath(filename);
    if (!isSize(start) || !isSize(end) || start > end || end > total) {
      return bad(`puts '${path}' at bytes ${String(start)}..${String(end)} of ${total}`);
    }
    return { filename: `/${path}`, start, end };
  });
  checkPackTree(checked.map(({ filename }) => filename.slice(1)));
  return { files: checked, remote_package_size: total, package_uuid: typeof uuid === 'string' ? uuid : undefined };
}

/** Finds the metadata in a loader script. `undefined` if the script expects them in a separate file. */
export function metadataOfLoader(script: string): EmscriptenMetadata | undefined {
  for (let at = script.indexOf('loadPackage('); at >= 0; at = script.indexOf('loadPackage(', at + 1)) {
    const start = at + 'loadPackage('.length;
    if (script[start] !== '{') continue;
    const end = endOfJson(script, start);
    try {
      return checkEmscriptenMetadata(JSON.parse(script.slice(start, end)));
    } catch (error) {
      if (error instanceof PackError) throw error;
      throw new PackError('format', 'the loader script has metadata that are not JSON; build the pack again', { cause: error });
    }
  }
  if (script.includes('.metadata')) return undefined;
  throw new PackError('format', 'this is no loader script of file_packager.py or fs-pack: it has no loadPackage({...}); give the right file');
}

/** Position after the object that starts at `start`. */
function endOfJson(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at++) {
    const c = text[at];
    if (inString) {
      if (c === '\\') at++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === '{') depth++;
    else if (c === '}' && --depth === 0) return at + 1;
  }
  return text.length;
}

/** The files of a pack whose data file is in memory. The files are views of `data`. */
export function emscriptenPackFs(metadata: EmscriptenMetadata, data: Uint8Array): PackFs {
  if (data.length !== metadata.remote_package_size) {
    throw new PackError('corrupt', `the data file has ${data.length} bytes and should have ${metadata.remote_package_size}; fetch it again`);
  }
  return new PackFs(metadata.files.map(({ filename, start, end }) => new BytesFile(filename.slice(1), data.subarray(start, end))));
}
