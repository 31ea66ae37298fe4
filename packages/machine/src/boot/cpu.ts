/** The processor state at a kernel's entry point, as plain data, and the tables in memory that belong to it. */
import type { BootMemory } from './memory.ts';

/** A segment register with its hidden part. */
export interface BootSegment {
  selector: number;
  base: number;
  /** Last offset, in bytes. */
  limit: number;
  /** Bits 8..23 of the descriptor's high word, in place: type, S, DPL, P, AVL, L, D/B, G (SDM Vol. 3, figure 3-8). */
  flags: number;
}

/** Registers that are not listed are 0; RFLAGS is 2, so interrupts are off. ES, SS, FS and GS are as DS. */
export interface BootCpu {
  mode: 'long64' | 'protected32';
  rip: number;
  rsp: number;
  rax: number;
  rbx: number;
  rsi: number;
  cr0: number;
  cr3: number;
  cr4: number;
  efer: number;
  gdt: { base: number; limit: number };
  cs: BootSegment;
  ds: BootSegment;
  tr: BootSegment;
}

const CR0 = { PE: 1, ET: 0x10, PG: 0x8000_0000 } as const;
const CR4 = { PAE: 0x20 } as const;
const EFER = { LME: 0x100, LMA: 0x400 } as const;

/** The selectors that the Linux boot protocol asks for (boot.rst, "32-bit" and "64-bit boot protocol"): __BOOT_CS and __BOOT_DS. */
const SELECTOR = { CS: 0x10, DS: 0x18, TR: 0x20 } as const;
const FLAGS = { CODE64: 0xaf_9b00, CODE32: 0xcf_9b00, DATA: 0xcf_9300, TSS32: 0x00_8b00 } as const;

/** Where the loader puts what a kernel reads at its start; all of it is ordinary RAM to the guest. */
export const LOW = {
  GDT: 0x1000, PAGE_TABLES: 0x2000, BOOT_PARAMS: 0x1_0000, START_INFO: 0x1_0000, CMDLINE: 0x2_0000, STACK_TOP: 0x9_0000,
} as const;
/** Bytes from LOW.CMDLINE that a command line may take. */
export const CMDLINE_MAX = 0x1_0000;

/** 64-bit mode with the first 4 GiB mapped one to one (boot.rst, "64-bit boot protocol"). */
export function enterLong(memory: BootMemory, rip: number, rsi: number): BootCpu {
  writeGdt(memory, FLAGS.CODE64);
  return {
    ...common(FLAGS.CODE64), mode: 'long64', rip, rsi, rbx: 0, rax: 0,
    cr0: (CR0.PE | CR0.ET | CR0.PG) >>> 0, cr3: writeIdentityMap(memory), cr4: CR4.PAE, efer: EFER.LME | EFER.LMA,
  };
}

/** 32-bit protected mode, flat segments, no paging (boot.rst; pvh; Multiboot 0.6.96 section 3.2). */
export function enterProtected(memory: BootMemory, rip: number, registers: { rax?: number; rbx?: number; rsi?: number }): BootCpu {
  writeGdt(memory, FLAGS.CODE32);
  return { ...common(FLAGS.CODE32), mode: 'protected32', rip, rax: 0, rbx: 0, rsi: 0, ...registers, cr0: CR0.PE | CR0.ET, cr3: 0, cr4: 0, efer: 0 };
}

function common(code: number): Pick<BootCpu, 'rsp' | 'gdt' | 'cs' | 'ds' | 'tr'> {
  const flat = { base: 0, limit: 0xffff_ffff };
  return {
    rsp: LOW.STACK_TOP,
    gdt: { base: LOW.GDT, limit: 5 * 8 - 1 },
    cs: { ...flat, selector: SELECTOR.CS, flags: code },
    ds: { ...flat, selector: SELECTOR.DS, flags: FLAGS.DATA },
    tr: { base: 0, limit: 0x67, selector: SELECTOR.TR, flags: FLAGS.TSS32 },
  };
}

function writeGdt(memory: BootMemory, code: number): void {
  const table = new DataView(new ArrayBuffer(5 * 8));
  const entry = (selector: number, flags: number, limitLow: number): void => {
    table.setUint32(selector, limitLow, true);
    table.setUint32(selector + 4, flags, true);
  };
  entry(SELECTOR.CS, code, 0xffff);
  entry(SELECTOR.DS, FLAGS.DATA, 0xffff);
  entry(SELECTOR.TR, FLAGS.TSS32, 0x67);
  memory.write(LOW.GDT, new Uint8Array(table.buffer));
}

/** One PML4 and one PDPT entry page, four page directories of 2 MiB pages. */
function writeIdentityMap(memory: BootMemory): number {
  const PAGE = 0x1000;
  const tables = new DataView(new ArrayBuffer(6 * PAGE));
  const [PRESENT_RW, LARGE] = [0x3, 0x80];
  tables.setUint32(0, (LOW.PAGE_TABLES + PAGE) | PRESENT_RW, true);
  for (let gib = 0; gib < 4; gib++) {
    const directory = (2 + gib) * PAGE;
    tables.setUint32(PAGE + 8 * gib, (LOW.PAGE_TABLES + directory) | PRESENT_RW, true);
    for (let i = 0; i < 512; i++) tables.setUint32(directory + 8 * i, ((gib * 512 + i) * 0x20_0000 + (PRESENT_RW | LARGE)) >>> 0, true);
  }
  memory.write(LOW.PAGE_TABLES, new Uint8Array(tables.buffer));
  return LOW.PAGE_TABLES;
}
