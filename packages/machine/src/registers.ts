/**
 * The processor's registers as text, in the layout of QEMU's `info registers` and of its `-d int,cpu_reset`, so that tools which read such logs
 * read ours. Left out: CCS, CCD and CCO, which are QEMU's own lazy flags, and the FPU.
 */
import { ATTR, CR0, EFER, Reg, SegReg, X86_STATE, type X86Cpu } from '@emu/x86';

const GENERAL = ['RAX', 'RBX', 'RCX', 'RDX', 'RSI', 'RDI', 'RBP', 'RSP'] as const;
const MORE_GENERAL = 8;
/** Letters of EFLAGS as they stand between the brackets. */
const FLAGS: readonly (readonly [mask: number, letter: string])[] = [[0x400, 'D'], [0x800, 'O'], [0x80, 'S'], [0x40, 'Z'], [0x10, 'A'], [0x4, 'P'], [0x1, 'C']];
const SEGMENTS = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS', 'LDT', 'TR'] as const;
/** System descriptor types (SDM Vol. 3A, table 3-2): 16- and 32-bit names, and those in long mode. */
const SYSTEM = [
  'Reserved', 'TSS16-avl', 'LDT', 'TSS16-busy', 'CallGate16', 'TaskGate', 'IntGate16', 'TrapGate16', 'Reserved', 'TSS32-avl', 'Reserved', 'TSS32-busy', 'CallGate32',
  'Reserved', 'IntGate32', 'TrapGate32',
] as const;

const hex = (value: number, digits = 8): string => (value >>> 0).toString(16).padStart(digits, '0');
const hex64 = (hi: number, lo: number): string => hex(hi) + hex(lo);
const letters = (value: number, table: typeof FLAGS): string => table.map(([mask, letter]) => (value & mask ? letter : '-')).join('');

const debug = ({ arena, env }: X86Cpu, n: number): string => {
  const at = (env + X86_STATE.offset.dr + 8 * n) >>> 2;
  return hex64(arena.i32[at + 1]!, arena.i32[at]!);
};

/** Some twenty lines, without a newline at the end. */
export function registersText(cpu: X86Cpu): string {
  const { s } = cpu;
  const [cs, long] = [cpu.segAttr(SegReg.CS), (s.efer & EFER.LMA) !== 0];
  const wide = long && (cs & ATTR.L) !== 0;
  const eflags = cpu.readEflags();
  const state = `[${letters(eflags, FLAGS)}] CPL=${cpu.cpl} II=0 A20=${s.a20 === 0 ? 0 : 1} SMM=0 HLT=${s.halted === 0 ? 0 : 1}`;
  const address = (hi: number, lo: number): string => (long ? hex64(hi, lo) : hex(lo));
  return [
    ...general(cpu, wide),
    wide ? `RIP=${hex64(s.pcHi, s.pcLo)} RFL=${hex(eflags)} ${state}` : `EIP=${hex(s.pcLo)} EFL=${hex(eflags)} ${state}`,
    ...SEGMENTS.map((name, n) => segment(cpu, name, n, address)),
    `GDT=     ${address(s.gdtBaseHi, s.gdtBaseLo)} ${hex(s.gdtLimit)}`,
    `IDT=     ${address(s.idtBaseHi, s.idtBaseLo)} ${hex(s.idtLimit)}`,
    `CR0=${hex(s.cr0)} CR2=${address(s.cr2Hi, s.cr2Lo)} CR3=${address(s.cr3Hi, s.cr3Lo)} CR4=${hex(s.cr4)}`,
    [0, 1, 2, 3].map((n) => `DR${n}=${debug(cpu, n)}`).join(' '),
    [6, 7].map((n) => `DR${n}=${debug(cpu, n)}`).join(' '),
    `EFER=${hex64(0, s.efer)}`,
  ].join('\n');
}

function general(cpu: X86Cpu, wide: boolean): string[] {
  const named = GENERAL.map((name) => (wide ? `${name}=${hex64(cpu.gprHi(Reg[name]), cpu.gprLo(Reg[name]))}` : `E${name.slice(1)}=${hex(cpu.gprLo(Reg[name]))}`));
  const numbered = Array.from({ length: MORE_GENERAL }, (_, i) => i + MORE_GENERAL).map((n) => `${`R${n}`.padEnd(3)}=${hex64(cpu.gprHi(n), cpu.gprLo(n))}`);
  const all = wide ? [...named, ...numbered] : named;
  return Array.from({ length: all.length / 4 }, (_, row) => all.slice(4 * row, 4 * row + 4).join(' '));
}

function segment(cpu: X86Cpu, name: string, n: number, address: (hi: number, lo: number) => string): string {
  const [attr, limit] = [cpu.segAttr(n), cpu.segLimit(n)];
  const limitBits = attr & ATTR.G ? limit >>> 28 : (limit >>> 16) & 0xf;
  const start = `${name.padEnd(3)}=${hex(cpu.segSelector(n), 4)} ${address(cpu.segBaseHi(n), cpu.segBaseLo(n))} ${hex(limit)} ${hex(attr | (limitBits << 16))}`;
  if (!(cpu.s.cr0 & CR0.PE) || !(attr & ATTR.P)) return start;
  return `${start} DPL=${(attr & ATTR.DPL) >>> 13} ${kind(attr, (cpu.s.efer & EFER.LMA) !== 0)}`;
}

/** What a descriptor is, with its access rights. */
function kind(attr: number, long: boolean): string {
  if (!(attr & ATTR.S)) {
    const name = SYSTEM[(attr >>> 8) & 0xf]!;
    return long ? name.replace('32', '64') : name;
  }
  const accessed = attr & ATTR.ACCESSED ? 'A' : '-';
  if (attr & ATTR.CODE) return `CS${attr & ATTR.L ? 64 : attr & ATTR.DB ? 32 : 16} [${attr & ATTR.CONFORMING ? 'C' : '-'}${attr & ATTR.READABLE ? 'R' : '-'}${accessed}]`;
  return `${attr & ATTR.DB || long ? 'DS  ' : 'DS16'} [${attr & ATTR.EXPAND_DOWN ? 'E' : '-'}${attr & ATTR.WRITABLE ? 'W' : '-'}${accessed}]`;
}
