/**
 * Writer of the "newc" cpio archives that Linux unpacks as its initramfs (Documentation/driver-api/early-userspace/
 * buffer-format.rst). Deterministic: inode numbers count up, owner is root, times are zero. Not written: hard links, checksums.
 */
const FILE_TYPE = { fifo: 0o010000, char: 0o020000, directory: 0o040000, block: 0o060000, file: 0o100000, link: 0o120000 } as const;

export type CpioEntry =
  | { type: 'directory'; path: string; mode?: number }
  | { type: 'file'; path: string; data: Uint8Array | string; mode?: number }
  | { type: 'link'; path: string; to: string }
  | { type: 'char' | 'block'; path: string; major: number; minor: number; mode?: number };

const DEFAULT_MODE = { directory: 0o755, file: 0o644, link: 0o777, char: 0o600, block: 0o600 } as const;
const encoder = new TextEncoder();

/** The archive with its trailer. Paths have no leading slash; parents are added where they are missing. */
export function cpio(entries: readonly CpioEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let inode = 0;
  for (const entry of withParents(entries)) parts.push(...member(entry, ++inode));
  parts.push(...member({ type: 'file', path: 'TRAILER!!!', data: '', mode: 0 }, 0, 0));
  return concat(parts);
}

function withParents(entries: readonly CpioEntry[]): CpioEntry[] {
  const seen = new Set<string>();
  const all: CpioEntry[] = [];
  const add = (entry: CpioEntry): void => {
    if (seen.has(entry.path)) return;
    const slash = entry.path.lastIndexOf('/');
    if (slash > 0) add({ type: 'directory', path: entry.path.slice(0, slash) });
    seen.add(entry.path);
    all.push(entry);
  };
  for (const entry of entries) add(entry);
  return all;
}

function member(entry: CpioEntry, inode: number, type: number = FILE_TYPE[entry.type]): Uint8Array[] {
  const data = contents(entry);
  const name = encoder.encode(`${entry.path}\0`);
  const mode = 'mode' in entry && entry.mode !== undefined ? entry.mode : DEFAULT_MODE[entry.type];
  const [major, minor] = 'major' in entry ? [entry.major, entry.minor] : [0, 0];
  const links = entry.type === 'directory' ? 2 : 1;
  const fields = [inode, type | mode, 0, 0, links, 0, data.length, 0, 0, major, minor, name.length, 0];
  const header = encoder.encode(`070701${fields.map((f) => f.toString(16).padStart(8, '0')).join('')}`);
  return [header, name, padding(header.length + name.length), data, padding(data.length)];
}

function contents(entry: CpioEntry): Uint8Array {
  if (entry.type === 'link') return encoder.encode(entry.to);
  if (entry.type !== 'file') return new Uint8Array(0);
  return typeof entry.data === 'string' ? encoder.encode(entry.data) : entry.data;
}

const padding = (length: number): Uint8Array => new Uint8Array(-length & 3);

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
