/**
 * Kernel modules of a Debian kernel package: which needs which, and in what order an initramfs must load them. Reads the
 * `.modinfo` strings (kernel: include/linux/moduleparam.h), because the package does not hold the files that depmod makes.
 */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { run } from './command.ts';
import { GuestError } from './errors.ts';

export interface KernelModule {
  /** Name as `lsmod` shows it, with underscores. */
  name: string;
  /** Path below `lib/modules/VERSION`. */
  path: string;
  depends: string[];
  aliases: string[];
}

const canonical = (name: string): string => name.replaceAll('-', '_');

/** Every module below `dir` (`lib/modules/VERSION`), by name. */
export function scanModules(dir: string): Map<string, KernelModule> {
  const found = new Map<string, KernelModule>();
  for (const entry of readdirSync(join(dir, 'kernel'), { recursive: true, withFileTypes: true })) {
    if (!/\.ko(\.xz|\.zst)?$/.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    const name = canonical(basename(entry.name).replace(/\.ko.*$/, ''));
    const info = modinfo(readModule(file));
    found.set(name, {
      name, path: relative(dir, file), aliases: info.filter(([k]) => k === 'alias').map(([, v]) => v),
      depends: info.filter(([k]) => k === 'depends').flatMap(([, v]) => v.split(',')).filter(Boolean).map(canonical),
    });
  }
  return found;
}

/** A module's ELF image, unpacked where Debian compresses it. */
export function readModule(file: string): Uint8Array {
  if (file.endsWith('.xz')) return run(['xz', '-dc', file]);
  if (file.endsWith('.zst')) return run(['zstd', '-dc', file]);
  return readFileSync(file);
}

/** The `key=value` strings of a module. */
export function modinfo(image: Uint8Array): [string, string][] {
  const text = Buffer.from(image.buffer, image.byteOffset, image.length);
  const pairs: [string, string][] = [];
  for (const key of ['depends', 'alias']) {
    const mark = `\0${key}=`;
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
      const from = at + mark.length;
      pairs.push([key, text.toString('latin1', from, text.indexOf(0, from))]);
    }
  }
  return pairs;
}

/** Names that the kernel has built in. */
export function builtinModules(dir: string): Set<string> {
  const list = join(dir, 'modules.builtin');
  if (!existsSync(list)) return new Set();
  return new Set(readFileSync(list, 'utf8').split('\n').filter(Boolean).map((p) => canonical(basename(p).replace(/\.ko.*$/, ''))));
}

/** `wanted` and what they need, dependencies first. Built-in names fall away; an unknown name is an error. */
export function loadOrder(modules: ReadonlyMap<string, KernelModule>, builtin: ReadonlySet<string>, wanted: readonly string[]): KernelModule[] {
  const order = new Map<string, KernelModule>();
  const visit = (name: string, by: string): void => {
    if (order.has(name) || builtin.has(name)) return;
    const found = modules.get(name);
    if (!found) throw new GuestError(`The kernel package has no module ${name} (wanted by ${by}); use another kernel`);
    for (const needed of found.depends) visit(needed, name);
    order.set(name, found);
  };
  for (const name of wanted) visit(canonical(name), 'the initramfs');
  return [...order.values()];
}

/** Writes `modules.dep` and `modules.alias` into `dir`, as depmod would, so that modprobe works in the guest. */
export function writeDepmod(dir: string, modules: ReadonlyMap<string, KernelModule>): void {
  const all = [...modules.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const none = new Set<string>();
  const needs = (m: KernelModule): string[] =>
    loadOrder(modules, none, m.depends.filter((d) => modules.has(d))).reverse().map((d) => d.path);
  writeFileSync(join(dir, 'modules.dep'), all.map((m) => `${m.path}:${needs(m).map((p) => ` ${p}`).join('')}\n`).join(''));
  writeFileSync(join(dir, 'modules.alias'), all.flatMap((m) => m.aliases.map((a) => `alias ${a} ${m.name}\n`)).join(''));
}
