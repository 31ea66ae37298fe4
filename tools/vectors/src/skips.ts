/** Decode-table rows that a harness in user mode cannot run, or whose result says nothing about the processor: each with its reason. */
import type { Row } from '@emu/x86';

/** Reasons by mnemonic (the first of three). What is privileged or only valid elsewhere follows from the row's options. */
const REASONS: Readonly<Record<string, string>> = {
  // I/O and interrupts.
  IN: 'needs I/O privilege', OUT: 'needs I/O privilege', INSB: 'needs I/O privilege', INSW: 'needs I/O privilege',
  OUTSB: 'needs I/O privilege', OUTSW: 'needs I/O privilege', CLI: 'needs I/O privilege', STI: 'needs I/O privilege',
  INT: 'enters the host kernel', INT3: 'enters the host kernel', INT1: 'enters the host kernel', INTO: 'enters the host kernel',
  SYSCALL: 'enters the host kernel', SYSENTER: 'enters the host kernel',
  // Descriptors: the host's tables decide. Assembled guests test these.
  IRET: 'loads segments from the host\'s descriptor tables', RETF: 'loads segments from the host\'s descriptor tables',
  LES: 'loads segments from the host\'s descriptor tables', LDS: 'loads segments from the host\'s descriptor tables',
  LSS: 'loads segments from the host\'s descriptor tables', LFS: 'loads segments from the host\'s descriptor tables',
  LGS: 'loads segments from the host\'s descriptor tables',
  LAR: 'reads the host\'s descriptor tables', LSL: 'reads the host\'s descriptor tables', VERR: 'reads the host\'s descriptor tables',
  VERW: 'reads the host\'s descriptor tables',
  SLDT: 'shows the host\'s tables, or faults under UMIP', STR: 'shows the host\'s tables, or faults under UMIP',
  SGDT: 'shows the host\'s tables, or faults under UMIP', SIDT: 'shows the host\'s tables, or faults under UMIP',
  SMSW: 'shows the host\'s CR0, or faults under UMIP',
  // Never the same twice, or the host's own affair.
  RDTSC: 'not deterministic', RDTSCP: 'not deterministic', RDRAND: 'not deterministic', RDSEED: 'not deterministic',
  RDPMC: 'not deterministic', RDPID: 'tells the host CPU\'s number', CPUID: 'describes the host', XGETBV: 'describes the host',
  XSAVEOPT: 'what it leaves out depends on the host\'s tracking of modified state',
  // #UD at any CPL but 0, whatever the operands.
  MONITOR: '#UD beyond CPL 0', MWAIT: '#UD beyond CPL 0', CLAC: '#UD beyond CPL 0', STAC: '#UD beyond CPL 0',
};

/** Why no form of `row` is made for `mode`, or undefined. */
export function skipReason(row: Row, mode: 32 | 64): string | undefined {
  const { opts, operands } = row;
  if (mode === 64 && opts.no64) return 'does not exist in 64-bit mode';
  if (mode === 32 && opts.only64) return 'exists in 64-bit mode only';
  if (opts.cpl0) return 'privileged';
  const name = row.mnemonic.split('/')[0]!;
  const reason = REASONS[name];
  if (reason !== undefined) return reason;
  if ((name === 'CALL' || name === 'JMP') && operands.some((o) => o.name === 'Ap' || o.name === 'Mp')) {
    return 'loads segments from the host\'s descriptor tables';
  }
  if (name === 'MOV' && operands.some((o) => o.name === 'Sw')) return 'the host\'s descriptor tables decide';
  if (name === 'PUSH' && operands.some((o) => SEGMENTS.has(o.name))) return 'shows the host\'s selectors';
  if (name === 'POP' && operands.some((o) => SEGMENTS.has(o.name))) return 'loads segments from the host\'s descriptor tables';
  return undefined;
}

const SEGMENTS: ReadonlySet<string> = new Set(['ES', 'CS', 'SS', 'DS', 'FS', 'GS']);
