/** Writes `src/gen/instructions.ts` (one emitting method an instruction) and `docs/instructions.md` from the table in
 *  `src/opcodes.ts`. Run: `node scripts/generate.ts` in this package. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { INSTRUCTIONS, methodName, type Immediate, type Instruction } from '../src/opcodes.ts';

const hex = (n: number): string => `0x${n.toString(16).padStart(2, '0')}`;

/** The statement that writes an instruction's opcode. */
function opcode({ prefix, code }: Instruction): string {
  if (prefix === 0) return `this.op(${hex(code)});`;
  if (code < 0x80) return `this.op2(${hex(prefix)}, ${hex(code)});`;
  return `this.op3(${hex(prefix)}, ${hex((code & 0x7f) | 0x80)}, ${hex(code >> 7)});`;
}

interface Method { readonly params: string; readonly body: string }

const NAMED: Readonly<Record<string, Method | null>> = {
  none: { params: '', body: '' },
  zero: { params: '', body: 'this.u32(0);' },
  zeroZero: { params: '', body: 'this.u32(0); this.u32(0);' },
  func: { params: 'func: number', body: "this.indexIn('funcs', func);" },
  indirect: { params: 'type: number, table = 0', body: "this.indexIn('types', type); this.indexIn('tables', table);" },
  type: { params: 'type: ValType', body: 'this.typeVector(type);' },
  heap: { params: 'type: RefType', body: 'this.heapType(type);' },
  global: { params: 'index: number', body: "this.indexIn('globals', index);" },
  table: { params: 'table = 0', body: "this.indexIn('tables', table);" },
  tableTable: { params: 'to = 0, from = 0', body: "this.indexIn('tables', to); this.indexIn('tables', from);" },
  elem: { params: 'elem: number', body: "this.indexIn('elems', elem);" },
  elemTable: { params: 'elem: number, table = 0', body: "this.indexIn('elems', elem); this.indexIn('tables', table);" },
  data: { params: 'data: number', body: "this.indexIn('datas', data);" },
  dataMemory: { params: 'data: number', body: "this.indexIn('datas', data); this.u32(0);" },
  i32: { params: 'value: number', body: 'this.i32(value);' },
  i64: { params: 'lo: number, hi = Math.floor(lo / 4294967296)', body: 'this.i64(lo, hi);' },
  f32: { params: 'value: number', body: 'this.f32(value);' },
  f64: { params: 'value: number', body: 'this.f64(value);' },
  v128: { params: 'lanes: ArrayLike<number> | number, i1 = 0, i2 = 0, i3 = 0', body: 'this.vector(lanes, i1, i2, i3);' },
  shuffle: { params: 'lanes: ArrayLike<number>', body: 'this.shuffle(lanes);' },
  // written by hand in FuncBuilder, which keeps the nesting
  block: null, else: null, end: null, label: null, labels: null,
};

function immediate(imm: Immediate): Method | null {
  if (typeof imm === 'string') return NAMED[imm]!;
  if (!('align' in imm)) return { params: 'lane: number', body: `this.lane(lane, ${imm.lanes});` };
  if (imm.exact) return { params: 'offset = 0', body: `this.memarg(${imm.align}, ${imm.align}, offset);` };
  const memarg = `this.memarg(alignLog2, ${imm.align}, offset);`;
  if (imm.lanes === undefined) return { params: `offset = 0, alignLog2 = ${imm.align}`, body: memarg };
  return { params: `lane: number, offset = 0, alignLog2 = ${imm.align}`, body: `${memarg} this.lane(lane, ${imm.lanes});` };
}

function method(instruction: Instruction): string {
  const imm = immediate(instruction.immediate);
  if (imm === null) return '';
  const { name } = instruction;
  const doc = `  /** \`${name}\` ${instruction.signature === '*' ? '' : `${spell(instruction)} `}*/\n`;
  if (instruction.immediate === 'local') return `${doc}  ${methodName(name)}(index: number): void { this.opLocal(${hex(instruction.code)}, index); }\n`;
  const body = [opcode(instruction), imm.body].filter(Boolean).join(' ');
  return `${doc}  ${methodName(name)}(${imm.params}): void { ${body} }\n`;
}

const SPELLED: Readonly<Record<string, string>> = { i: 'i32', I: 'i64', f: 'f32', F: 'f64', v: 'v128', a: 'address' };

/** `ii:i` -> `[i32 i32] -> [i32]`. */
function spell({ signature }: Instruction): string {
  if (signature === '*') return 'depends on context';
  const [from, to] = signature.split(':').map((side) => `[${[...side].map((c) => SPELLED[c]).join(' ')}]`);
  return `${from} -> ${to}`;
}

export function instructionsSource(): string {
  return `/** By scripts/generate.ts from src/opcodes.ts; do not edit. One emitting method an instruction. */
import { CodeWriter } from '../code-writer.ts';
import type { RefType, ValType } from '../types.ts';

export abstract class Instructions extends CodeWriter {
${INSTRUCTIONS.map(method).join('')}}
`;
}

export function instructionsDoc(): string {
  const rows = INSTRUCTIONS.map((row) => {
    const code = `${row.prefix ? `${hex(row.prefix)} ` : ''}${hex(row.code)}`;
    return `| \`${row.name}\` | \`${methodName(row.name)}\` | ${code} | ${spell(row)} |`;
  });
  return `# Instructions

By scripts/generate.ts from src/opcodes.ts; do not edit. ${INSTRUCTIONS.length} instructions.

| instruction | method | opcode | types |
|---|---|---|---|
${rows.join('\n')}
`;
}

if (import.meta.main) {
  for (const [path, text] of [['src/gen/instructions.ts', instructionsSource()], ['docs/instructions.md', instructionsDoc()]] as const) {
    const url = new URL(`../${path}`, import.meta.url);
    mkdirSync(new URL('.', url), { recursive: true });
    writeFileSync(url, text);
  }
}
