/** The custom name section: names of the module, functions, locals, labels and globals, for debuggers and disassemblers.
 *  Core specification 2.0, appendix A.4, and the extended name section proposal (labels, globals). Subsections without names are left out. */
import { ByteWriter } from './bytes.ts';
import type { FuncNames } from './func.ts';

const Subsection = { MODULE: 0, FUNCTION: 1, LOCAL: 2, LABEL: 3, GLOBAL: 7 } as const;

export interface Names {
  readonly module: string | undefined;
  /** Function index -> its names. */
  readonly funcs: ReadonlyMap<number, FuncNames>;
  readonly globals: ReadonlyMap<number, string>;
}

export function writeNames(out: ByteWriter, names: Names): void {
  const { module } = names;
  if (module !== undefined) subsection(out, Subsection.MODULE, (w) => w.name(module));
  const funcs = [...names.funcs].sort(([a], [b]) => a - b);
  const named = new Map(funcs.flatMap(([index, { name }]) => (name === undefined ? [] : [[index, name] as const])));
  if (named.size) subsection(out, Subsection.FUNCTION, (w) => nameMap(w, named));
  indirect(out, Subsection.LOCAL, funcs.map(([index, { locals }]) => [index, locals]));
  indirect(out, Subsection.LABEL, funcs.map(([index, { labels }]) => [index, labels]));
  if (names.globals.size) subsection(out, Subsection.GLOBAL, (w) => nameMap(w, names.globals));
}

function indirect(out: ByteWriter, id: number, all: [number, ReadonlyMap<number, string>][]): void {
  const maps = all.filter(([, map]) => map.size > 0);
  if (maps.length === 0) return;
  subsection(out, id, (w) => {
    w.u32(maps.length);
    for (const [index, map] of maps) {
      w.u32(index);
      nameMap(w, map);
    }
  });
}

function nameMap(out: ByteWriter, map: ReadonlyMap<number, string>): void {
  out.u32(map.size);
  for (const [index, name] of [...map].sort(([a], [b]) => a - b)) {
    out.u32(index);
    out.name(name);
  }
}

function subsection(out: ByteWriter, id: number, write: (w: ByteWriter) => void): void {
  const content = new ByteWriter();
  write(content);
  out.u8(id);
  out.u32(content.pos);
  out.slice(content.bytes, 0, content.pos);
}
