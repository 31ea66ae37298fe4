/** Puts the processor into the state that a boot loader asks for, with what firmware would have set up before. */
import { Reg, SegReg, X86_STATE, type X86Cpu } from '@emu/x86';
import type { BootCpu, BootSegment } from './boot/cpu.ts';
import { FOUR_GIB, pciHoleStart, type RamLayout } from './boot/layout.ts';

/** The attribute bits without those of the limit, which lie between them in a descriptor. */
const ATTR_MASK = 0xf0_ff00;

export function enterKernel(cpu: X86Cpu, boot: BootCpu, ram: RamLayout): void {
  const s = cpu.s;
  cpu.reset();
  setMtrrs(cpu, ram);
  s.efer = boot.efer;
  s.cr0 = boot.cr0 | 0;
  s.cr3Lo = boot.cr3 | 0;
  s.cr4 = boot.cr4;
  s.gdtBaseLo = boot.gdt.base | 0;
  s.gdtLimit = boot.gdt.limit;
  setSegment(cpu, SegReg.CS, boot.cs);
  for (const n of [SegReg.DS, SegReg.ES, SegReg.SS, SegReg.FS, SegReg.GS]) setSegment(cpu, n, boot.ds);
  setSegment(cpu, SegReg.TR, boot.tr);
  cpu.setGpr(Reg.RAX, boot.rax | 0, 0);
  cpu.setGpr(Reg.RBX, boot.rbx | 0, 0);
  cpu.setGpr(Reg.RSP, boot.rsp | 0, 0);
  cpu.setGpr(Reg.RSI, boot.rsi | 0, 0);
  cpu.setGpr(Reg.RDX, 0, 0);
  cpu.setPc(boot.rip | 0, 0);
  cpu.mmu.flushAll();
  cpu.updateHflags(0);
}

function setSegment(cpu: X86Cpu, n: number, { selector, base, limit, flags }: BootSegment): void {
  cpu.setSegment(n, selector, base | 0, 0, limit | 0, flags & ATTR_MASK);
}

/**
 * The memory types that a BIOS leaves: everything write-back but the VGA window and the PCI hole. SDM Vol. 3A, section 12.11. Only what
 * the guest reads back; there are no caches.
 */
function setMtrrs(cpu: X86Cpu, ram: RamLayout): void {
  const ENABLE = 0xc00, WRITE_BACK = 6, VALID = 0x800;
  const { mtrrDefType, mtrrFixed, mtrrVar } = X86_STATE.offset, i32 = cpu.arena.i32;
  const word = (offset: number): number => (cpu.env + offset) >>> 2;
  i32[word(mtrrDefType)] = ENABLE | WRITE_BACK;
  const ALL_WRITE_BACK = 0x0606_0606, VGA_WINDOW = [4, 5]; // words of IA32_MTRR_FIX16K_A0000
  for (let n = 0; n < 22; n++) i32[word(mtrrFixed) + n] = VGA_WINDOW.includes(n) ? 0 : ALL_WRITE_BACK;
  const hole = pciHoleStart(ram);
  i32[word(mtrrVar)] = hole | 0;
  i32[word(mtrrVar) + 2] = (-(FOUR_GIB - hole) & ~0xfff) | VALID;
  i32[word(mtrrVar) + 3] = 0xff; // 40 physical address bits
}
