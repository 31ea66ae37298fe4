import { describe, expect, it } from 'vitest';
import { loadKernel } from './boot.ts';
import { BootError } from './errors.ts';
import { MIB, ramLayout } from './layout.ts';
import { bytes, bzImage, elf64, multiboot, SampleMemory } from './samples.ts';
import type { BootFiles } from './types.ts';

const CODE = new Uint8Array(0x400).fill(0xf4);
const RAM = ramLayout(64 * MIB);

function boot(data: Uint8Array, files: Partial<BootFiles> = {}, ram = RAM) {
  const memory = new SampleMemory(ram.low);
  const cpu = loadKernel(memory, ram, { data, name: 'kernel' }, { append: 'console=ttyS0', rsdp: 0, ...files });
  return { cpu, memory };
}

describe('bzImage (Linux boot.rst)', () => {
  it('enters a 64-bit kernel 0x200 behind its preferred address, RSI at boot_params, paging on', () => {
    const { cpu, memory } = boot(bzImage(CODE));
    expect(cpu).toMatchObject({ mode: 'long64', rip: 0x100_0200, cr4: 0x20, efer: 0x500 });
    expect([cpu.cs.selector, cpu.ds.selector]).toEqual([0x10, 0x18]);
    expect(memory.bytes[0x100_0200]).toBe(0xf4);
    expect(memory.u32(cpu.rsi + 0x202)).toBe(0x5372_6448);
    expect(memory.bytes[cpu.rsi + 0x210]).toBe(0xff);
  });

  it('maps the first 4 GiB one to one', () => {
    const { cpu, memory } = boot(bzImage(CODE));
    const entry = (table: number, index: number) => memory.u32(table + 8 * index);
    const page = (addr: number) => {
      const pdpt = entry(cpu.cr3, 0) & ~0xfff;
      return entry(entry(pdpt, Math.floor(addr / 2 ** 30)) & ~0xfff, Math.floor(addr / 2 ** 21) & 511);
    };
    for (const addr of [0, 0x20_0000, 0x4000_0000, 0xffe0_0000]) expect(page(addr)).toBe((addr + 0x83) >>> 0);
  });

  it('enters a kernel without a 64-bit entry in protected mode at its first byte, ESI at boot_params', () => {
    const { cpu } = boot(bzImage(CODE, { long: false }));
    expect(cpu).toMatchObject({ mode: 'protected32', rip: 0x100_0000, rsi: 0x1_0000, rbx: 0, cr0: 0x11, cs: { flags: 0xcf_9b00 } });
  });

  it('gives the command line, the RSDP and the memory map', () => {
    const { cpu, memory } = boot(bzImage(CODE), { append: 'root=/dev/vda', rsdp: 0xf_5000 });
    expect(memory.text(memory.u32(cpu.rsi + 0x228))).toBe('root=/dev/vda');
    expect(memory.u32(cpu.rsi + 0x70)).toBe(0xf_5000);
    expect(memory.bytes[cpu.rsi + 0x1e8]).toBe(6);
    expect([memory.u32(cpu.rsi + 0x2d0 + 60), memory.u32(cpu.rsi + 0x2d0 + 68), memory.u32(cpu.rsi + 0x2d0 + 76)]).toEqual([MIB, 63 * MIB - 0x2_0000, 1]);
  });

  it('puts the initrd as high as RAM and the kernel allow, on a page', () => {
    const initrd = new Uint8Array(5000).fill(7);
    const high = boot(bzImage(CODE), { initrd });
    expect([high.memory.u32(0x1_0218), high.memory.u32(0x1_021c)]).toEqual([64 * MIB - 0x2_0000 - 0x2000, 5000]);
    expect(high.memory.bytes[high.memory.u32(0x1_0218) + 4999]).toBe(7);
    const limited = boot(bzImage(CODE, { initrdMax: 48 * MIB - 1 }), { initrd });
    expect(limited.memory.u32(0x1_0218)).toBe(48 * MIB - 0x2000);
  });

  it('moves the initrd below a kernel that sits at the top', () => {
    const { memory } = boot(bzImage(CODE, { pref: 62 * MIB, initSize: MIB }), { initrd: new Uint8Array(MIB) });
    expect(memory.u32(0x1_0218)).toBe(61 * MIB);
  });

  it('needs room for the whole kernel, an initrd that fits, and a command line that the kernel can take', () => {
    expect(() => boot(bzImage(CODE, { initSize: 63 * MIB }))).toThrow('use a larger -m');
    expect(() => boot(bzImage(CODE), { initrd: new Uint8Array(60 * MIB) })).toThrow('the initrd of 62914560 bytes does not fit beside the kernel');
    expect(() => boot(bzImage(CODE), { append: 'x'.repeat(2048) })).toThrow('-append is 2048 bytes long; this kernel takes at most 2047');
    expect(() => boot(bzImage(CODE, { version: 0x201 }))).toThrow('boot protocol 2.1');
  });
});

describe('PVH (Xen pvh.pandoc)', () => {
  const kernel = elf64(CODE, { pvh: 0x100_0040 });

  it('enters in protected mode without paging, EBX at hvm_start_info', () => {
    const { cpu, memory } = boot(kernel, { append: 'quiet', rsdp: 0xf_5000, initrd: new Uint8Array(100).fill(9) });
    expect(cpu).toMatchObject({ mode: 'protected32', rip: 0x100_0040, rax: 0, cr0: 0x11, cr4: 0, tr: { base: 0, limit: 0x67 } });
    const info = cpu.rbx;
    expect([memory.u32(info), memory.u32(info + 4), memory.u32(info + 12)]).toEqual([0x336e_c578, 1, 1]);
    expect(memory.text(memory.u32(info + 24))).toBe('quiet');
    expect([memory.u32(info + 32), memory.u32(info + 48)]).toEqual([0xf_5000, 6]);
    const module = memory.u32(info + 16);
    expect([memory.bytes[memory.u32(module)], memory.u32(module + 8)]).toEqual([9, 100]);
    expect([memory.u32(memory.u32(info + 40)), memory.u32(memory.u32(info + 40) + 8), memory.u32(memory.u32(info + 40) + 16)]).toEqual([0, 0x9_fc00, 1]);
  });
});

describe('ELF64', () => {
  it('without a PVH note is entered at its entry point in 64-bit mode with boot_params', () => {
    const { cpu, memory } = boot(elf64(CODE, { memsz: 0x3000 }), { initrd: new Uint8Array(100) });
    expect(cpu).toMatchObject({ mode: 'long64', rip: 0x100_0000, rsi: 0x1_0000 });
    expect(memory.u32(cpu.rsi + 0x21c)).toBe(100);
    expect([memory.bytes[0x100_03ff], memory.bytes[0x100_0400]]).toEqual([0xf4, 0]);
  });

  it('zeroes what the file does not hold, also over what a reset left there', () => {
    const memory = new SampleMemory(RAM.low);
    memory.bytes.fill(0xaa);
    loadKernel(memory, RAM, { data: elf64(CODE, { memsz: 3 * MIB }), name: 'k' }, { append: '', rsdp: 0 });
    expect(memory.bytes.subarray(0x100_0400, 0x100_0000 + 3 * MIB).every((b) => b === 0)).toBe(true);
    expect(memory.bytes[0x100_0000 + 3 * MIB]).toBe(0xaa);
  });

  it('must lie in RAM and contain its entry point', () => {
    expect(() => boot(elf64(CODE, { paddr: 0x1000 }))).toThrow('RAM for it is 0x100000');
    expect(() => boot(elf64(CODE, { memsz: 2 ** 40 }))).toThrow('use a larger -m or another kernel');
    expect(() => boot(elf64(CODE, { entry: 0x10 }))).toThrow('entry point is not in a loaded segment');
  });
});

describe('Multiboot 0.6.96', () => {
  it('enters in protected mode with the magic in EAX and the information in EBX', () => {
    const { cpu, memory } = boot(multiboot(CODE, { bss: 0x100 }), { append: 'a b', modules: [{ data: new Uint8Array(10).fill(5), args: 'disk one' }] });
    expect(cpu).toMatchObject({ mode: 'protected32', rip: 0x10_0020, rax: 0x2bad_b002 });
    const info = cpu.rbx;
    expect(memory.u32(info) & 0x24d).toBe(0x24d);
    expect([memory.u32(info + 4), memory.u32(info + 8)]).toEqual([639, 63 * 1024 - 128]); // KiB below and above 1 MiB
    expect(memory.text(memory.u32(info + 16))).toBe('kernel a b');
    const module = memory.u32(info + 24);
    expect(memory.u32(info + 20)).toBe(1);
    expect([memory.u32(module) % 4096, memory.u32(module + 4) - memory.u32(module)]).toEqual([0, 10]);
    expect(memory.text(memory.u32(module + 8))).toBe('disk one');
    expect([memory.u32(info + 44), memory.u32(memory.u32(info + 48))]).toEqual([6 * 24, 20]);
  });

  it('refuses features that it must know but does not, and 64-bit ELF files', () => {
    expect(() => boot(multiboot(CODE, { flags: 0x1_0023 }))).toThrow('multiboot features 0x20 are required');
    const elf = elf64(CODE);
    elf.set(bytes(12, [0, 4, 0x1bad_b002], [4, 4, 0], [8, 4, -0x1bad_b002]), 0x1a0);
    expect(() => boot(elf)).toThrow('a 64-bit ELF multiboot kernel');
  });
});

describe('files that are no kernel', () => {
  it('are one clear error', () => {
    for (const data of [new Uint8Array(0), new Uint8Array(100_000), new TextEncoder().encode('#!/bin/sh\n')]) {
      expect(() => boot(data)).toThrow(new BootError('kernel: neither a bzImage, nor an ELF file, nor a multiboot kernel; give -kernel one of these'));
    }
    expect(() => boot(bzImage(CODE).subarray(0, 0x240))).toThrow('it is damaged or cut short');
  });
});
