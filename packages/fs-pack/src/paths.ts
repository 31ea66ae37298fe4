/** Names of files in packs. They come from strangers' manifests and become paths on disk, so only plain relative names pass. */
import { PackError } from './errors.ts';

const MAX_PATH = 4096;
/** Control characters, and what Windows would read as a separator, a drive or a stream. */
const FORBIDDEN = /[\u0000-\u001f\u007f\\]/;

/** Returns the name without a leading slash, or throws `PackError` of reason `path`. */
export function checkPackPath(name: unknown): string {
  const refuse = (why: string): never => {
    throw new PackError('path', `file name ${JSON.stringify(name)?.slice(0, 200)} ${why}; the pack is damaged or hostile`);
  };
  if (typeof name !== 'string') return refuse('is not a string');
  const path = name.startsWith('/') ? name.slice(1) : name;
  if (path.length === 0 || path.length > MAX_PATH) return refuse(`has ${path.length} characters`);
  if (FORBIDDEN.test(path)) return refuse('has control characters or a backslash');
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) return refuse('has an empty, `.` or `..` part');
  return path;
}

/** Throws unless the (checked) names can all exist in one tree: none twice, none both file and directory. */
export function checkPackTree(paths: readonly string[]): void {
  const files = new Set<string>();
  const directories = new Set<string>();
  for (const path of paths) {
    if (files.has(path)) throw new PackError('path', `'${path}' appears twice in the pack; build the pack again`);
    files.add(path);
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) directories.add(path.slice(0, at));
  }
  for (const path of paths) {
    if (directories.has(path)) throw new PackError('path', `'${path}' is both a file and a directory in the pack; build the pack again`);
  }
}
