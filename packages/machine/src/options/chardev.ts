/** `-serial`, `-monitor`, `-debugcon` and `-chardev`: where the bytes of a character device go. */
import { OptionError } from './errors.ts';
import { SubOptions } from './suboptions.ts';
import type { CharSource } from './types.ts';

/** The forms that are understood, for messages. */
const FORMS = 'stdio, mon:stdio, file:PATH, null, none or chardev:ID';

/** A `chardev:ID` waits for its `-chardev`, which may come later on the command line. */
export type CharRef = CharSource | { readonly type: 'ref'; readonly id: string };

/** The legacy one-word notation of `-serial` and its kin. */
export function parseCharWord(option: string, text: string): CharRef {
  const mux = text.startsWith('mon:');
  const word = mux ? text.slice(4) : text;
  if (word === 'stdio') return { type: 'stdio', mux };
  if (mux) throw new OptionError(`${option} ${text}: only mon:stdio can share the console with the monitor`);
  if (word === 'null') return { type: 'null' };
  if (word === 'none') return { type: 'none' };
  if (word.startsWith('file:') && word.length > 5) return { type: 'file', path: word.slice(5) };
  if (word.startsWith('chardev:')) return { type: 'ref', id: word.slice(8) };
  throw new OptionError(`${option} ${text}: not supported; use ${FORMS}`);
}

/** `-chardev stdio|null|file,id=ID,...` */
export function parseChardev(text: string): [id: string, source: CharSource] {
  const sub = new SubOptions('-chardev', text, 'backend');
  const backend = sub.choice('backend', ['stdio', 'null', 'file'] as const) ?? sub.need('backend');
  const id = sub.need('id');
  const source = ((): CharSource => {
    if (backend === 'null') return { type: 'null' };
    if (backend === 'file') return { type: 'file', path: sub.need('path'), append: sub.bool('append', false) };
    return { type: 'stdio', mux: sub.bool('mux', false), signal: sub.bool('signal') };
  })();
  sub.end();
  return [id, source];
}

/** Replaces a reference by what its `-chardev` says. */
export function resolveChar(ref: CharRef, chardevs: Readonly<Record<string, CharSource>>, option: string): CharSource {
  if (ref.type !== 'ref') return ref;
  const found = chardevs[ref.id];
  if (found) return found;
  throw new OptionError(`${option} chardev:${ref.id}: there is no -chardev with id=${ref.id}`);
}
