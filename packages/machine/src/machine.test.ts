/** The whole PC with guests of a few instructions. */
import { describe, expect, it } from 'vitest';
import { createMachine } from './create.ts';
import { memoryHost, type CharBackend } from './host.ts';
import { parseQemuArgs } from './options/parse.ts';
import type { MachineOptions } from './options/types.ts';
import { asm, guest } from './samples.ts';

const MEMORY = 4 * 2 ** 20;
const DEBUG_EXIT = { driver: 'isa-debug-exit', iobase: 0x501, iosize: 2 } as const;
const POWER_OFF = asm.outw(0x604, 0x2000); // PM1 control: SLP_EN, type S5

class Console implements CharBackend {
  text = '';
  type: (bytes: Uint8Array) => void = () => {};
  write(bytes: Uint8Array): void {
    this.text += Buffer.from(bytes).toString('latin1');
  }
  onInput(listener: (bytes: Uint8Array) => void): void {
    this.type = listener;
  }
}

async function machine(kernel: Uint8Array, options: Partial<MachineOptions> = {}, files: Record<string, Uint8Array> = {}) {
  const stdio = new Console();
  const log: string[] = [];
  const host = memoryHost({ stdio, files, log: (line) => log.push(line) });
  const pc = await createMachine({ memory: MEMORY, kernel, serials: [{ type: 'stdio' }], devices: [DEBUG_EXIT], ...options }, host);
  return { pc, stdio, log };
}

describe('a machine', () => {
  it('prints on COM1 and ends with the status that the guest gave isa-debug-exit: (value << 1) | 1', async () => {
    const { pc, stdio } = await machine(guest(asm.print('hi\n'), asm.outb(0x501, 3)));
    expect(await pc.run()).toEqual({ reason: 'debug-exit', status: 7 });
    expect(stdio.text).toBe('hi\n');
    expect(pc.state).toBe('ended');
    expect(pc.stats.instructions).toBeGreaterThan(9);
  });

  it('powers off through ACPI', async () => {
    const { pc } = await machine(guest(POWER_OFF));
    expect(await pc.run()).toEqual({ reason: 'power-off' });
  });

  it('with -no-shutdown pauses instead, at the end of the block that turned it off', async () => {
    const { pc, stdio } = await machine(guest(POWER_OFF, asm.jumpOn(), asm.print('went on'), asm.outb(0x501, 0)), { onShutdown: 'pause' });
    pc.start();
    while (pc.state !== 'paused') await new Promise((resolve) => setTimeout(resolve, 1));
    expect(stdio.text).toBe('');
    expect(await pc.run()).toEqual({ reason: 'debug-exit', status: 1 });
    expect(stdio.text).toBe('went on');
  });

  const remembering = guest([...asm.outb(0x70, 0x50), ...asm.inb(0x71)], asm.ifZero([...asm.outb(0x70, 0x50), ...asm.outb(0x71, 1), ...asm.print('1'), ...asm.outb(0x64, 0xfe), ...asm.stop()]),
    asm.print('2'), asm.outb(0x501, 0));

  it('boots the kernel again after a reset by the keyboard controller; CMOS keeps its contents', async () => {
    const { pc, stdio } = await machine(remembering);
    expect(await pc.run()).toEqual({ reason: 'debug-exit', status: 1 });
    expect(stdio.text).toBe('12');
    expect(pc.stats.resets).toBe(1);
  });

  it('with -no-reboot ends at a reset, also at a triple fault', async () => {
    const reset = await machine(remembering, { onReset: 'shutdown' });
    expect(await reset.pc.run()).toEqual({ reason: 'reset' });
    const fault = await machine(guest([0x0f, 0x0b]), { onReset: 'shutdown' }); // ud2 without an IDT
    expect(await fault.pc.run()).toEqual({ reason: 'reset' });
  });

  it('takes input: what is typed while the guest polls or sleeps reaches it', async () => {
    // poll LSR; read; echo; leave at 'q' (al is in bl meanwhile)
    const loop = [...asm.inb(0x3fd), 0xa8, 0x01, 0x74, 0xf7, ...asm.inb(0x3f8), 0x88, 0xc3, 0x66, 0xba, 0xf8, 0x03, 0xee, 0x80, 0xfb, 0x71, 0x75, 0xe6];
    const { pc, stdio } = await machine(guest(loop, asm.outb(0x501, 0)));
    setTimeout(() => stdio.type(Buffer.from('ab')), 5);
    setTimeout(() => stdio.type(Buffer.from('q')), 10);
    expect((await pc.run()).reason).toBe('debug-exit');
    expect(stdio.text).toBe('abq');
  });

  it('sleeps in HLT without using the host, and can be ended from outside', async () => {
    const { pc } = await machine(guest());
    pc.start();
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { user } = process.cpuUsage(before);
    expect(user).toBeLessThan(150_000); // of 300,000 us; other tests may run in this process
    await pc.quit();
    expect(await pc.ended).toEqual({ reason: 'quit' });
    expect(() => pc.start()).toThrow('The machine has ended; create a new one');
  });

  it('passes multiboot modules and the command line', async () => {
    // print the first byte of the first module: mov ecx,[ebx+24]; mov ecx,[ecx]; mov al,[ecx]; mov dx,3f8; out
    const code = [0x8b, 0x4b, 0x18, 0x8b, 0x09, 0x8a, 0x01, 0x66, 0xba, 0xf8, 0x03, 0xee];
    const { pc, stdio } = await machine(guest(code, asm.outb(0x501, 0)), { initrd: 'mod arg,other' }, { mod: Buffer.from('M'), other: Buffer.from('O') });
    await pc.run();
    expect(stdio.text).toBe('M');
  });

  it('logs exceptions and resets with all registers, in the layout of QEMU', async () => {
    const { pc, log } = await machine(guest([0x0f, 0x0b]), { onReset: 'shutdown', log: ['int', 'cpu_reset'] }); // ud2 without an IDT
    await pc.run();
    const lines = log.flatMap((text) => text.split('\n'));
    expect(lines[0]).toBe('CPU Reset (CPU 0)');
    // As `qemu-system-x86_64 -d int` on the same guest, but for its boot ROM's GDT, and EXT in the error code (SDM Vol. 3A, 6.13), which it leaves out.
    expect(lines.filter((line) => /: v=/.test(line)).map((line) => line.replace(/ SP=.*/, ''))).toEqual([
      '     0: v=06 e=0000 i=0 cpl=0 IP=0010:0000000000100020 pc=0000000000100020',
      '     1: v=0d e=0033 i=0 cpl=0 IP=0010:0000000000100020 pc=0000000000100020',
      '     2: v=08 e=0000 i=0 cpl=0 IP=0010:0000000000100020 pc=0000000000100020',
    ]);
    expect(lines).toContain('CS =0010 00000000 ffffffff 00cf9b00 DPL=0 CS32 [-RA]');
    expect(lines).toContain('SS =0018 00000000 ffffffff 00cf9300 DPL=0 DS   [-WA]');
    expect(lines.some((line) => /^EAX=2badb002 EBX=[0-9a-f]{8} ECX=[0-9a-f]{8} EDX=[0-9a-f]{8}$/.test(line))).toBe(true);
    expect(lines.some((line) => /^EIP=00100020 EFL=000000\d\d \[[DOSZAPC-]{7}\] CPL=0 II=0 A20=1 SMM=0 HLT=0$/.test(line))).toBe(true);
    expect(lines.at(-1)).toBe('Triple fault');
  });

  it('lists guest code and IR for -d in_asm,op', async () => {
    const { pc, log } = await machine(guest(asm.outb(0x501, 0)), { log: ['in_asm', 'op'] });
    await pc.run();
    expect(log[0]).toMatch(/^-+\nIN:\n0x00100020: {2}66 ba 01 05 +mov dx, 0x501\n0x00100024: {2}b0 00 +mov al, 0x0\n0x00100026: {2}ee +out dx, al/);
    expect(log[1]).toMatch(/^OP:\ninsn_start 0/);
  });

  it('makes each instruction a block of its own with one-insn-per-tb=on', async () => {
    const { pc, log } = await machine(guest(asm.outb(0x501, 0)), { log: ['in_asm'], accel: { kind: 'tci', oneInsnPerTb: true } });
    expect(await pc.run()).toEqual({ reason: 'debug-exit', status: 1 });
    expect(log.map((text) => text.split('\n').length)).toEqual([3, 3, 3]); // a line, IN:, the instruction
  });

  it('lists the WebAssembly of compiled regions for -d out_asm', async () => {
    // mov ecx, 30000000; 1: dec ecx; jnz 1b: long enough for the compiler, which waits a little for more to compile with it
    const kernel = guest([0xb9, 0x80, 0xc3, 0xc9, 0x01, 0x49, 0x75, 0xfd], asm.outb(0x501, 0));
    const { pc, log } = await machine(kernel, { log: ['out_asm'], accel: { kind: 'jit', threshold: 100 } });
    await pc.run();
    expect(log[0]).toMatch(/^OUT: \[region of 1 blocks, 2 instructions, at 0x100025\]\n {2}\(local [^\n]*\)\n/);
    expect(log[0]).toMatch(/\n +i32.const 2\n +i32.sub\n[^]*\n  return_call \$leave\n/); // the budget pays two instructions a turn
    expect((await machine(kernel, { accel: { kind: 'jit', threshold: 100 } })).log).toEqual([]);
  });

  it('two machines run side by side', async () => {
    const both = await Promise.all(['a', 'b'].map((text) => machine(guest(asm.print(text), asm.outb(0x501, 0)))));
    await Promise.all(both.map(({ pc }) => pc.run()));
    expect(both.map(({ stdio }) => stdio.text)).toEqual(['a', 'b']);
  });
});

describe('-icount', () => {
  /** A thousand turns; then the low bits of the time-stamp counter and of a random number: rdtsc; out; rdrand eax; out. */
  const timed = guest([0xb9, 0xe8, 0x03, 0, 0, 0xe2, 0xfe, 0x0f, 0x31, 0x66, 0xba, 0xf8, 0x03, 0xee, 0x0f, 0xc7, 0xf0, 0x66, 0xba, 0xf8, 0x03, 0xee], asm.outb(0x501, 0));
  const cpu = { model: 'max', features: {} };

  it('makes two runs equal: output, instruction count, time, state', async () => {
    const results = [];
    for (let i = 0; i < 2; i++) {
      const { pc, stdio } = await machine(timed, { icount: { shift: 3, sleep: false }, rtc: { base: 0 }, cpu });
      await pc.run();
      results.push([stdio.text, pc.stats.instructions, pc.stats.virtualNs, await pc.stateHash()]);
    }
    expect(results[0]![0]).toHaveLength(2);
    expect(results[1]).toEqual(results[0]);
  });

  /**
   * Enters CPL 3 with IOPL 3, an MXCSR that allows plain results, and XMM0 denormal; each of 200 turns has two operations on it, which are worked out exactly;
   * then writes to isa-debug-exit. At 100020.
   */
  const denormals = (): { kernel: Uint8Array; instructions: number } => {
    const at = 0x100020, data = 0x100100, turns = 200, word = (v: number) => [v, v >> 8, v >> 16, v >> 24].map((b) => b & 0xff);
    const enter = [
      0x0f, 0x01, 0x15, ...word(data + 0x38), // lgdt
      0x0f, 0x20, 0xe0, 0x0d, ...word(0x600), 0x0f, 0x22, 0xe0, // mov eax, cr4; or eax, OSFXSR | OSXMMEXCPT; mov cr4, eax
      0x0f, 0xae, 0x15, ...word(data + 0x30), 0xf2, 0x0f, 0x10, 0x05, ...word(data + 0x28), // ldmxcsr; movsd xmm0
      0xb8, ...word(0x23), 0x8e, 0xd8, 0xbc, ...word(0x200000), 0x6a, 0x23, 0x68, ...word(0x200000), 0x68, ...word(0x3002), 0x6a, 0x1b, // ds, esp; ss, esp, eflags, cs
    ];
    const body = [0xf2, 0x0f, 0x58, 0xd8, 0x40, 0xf2, 0x0f, 0x59, 0xe0, 0x40, 0x49]; // addsd xmm3, xmm0; inc eax; mulsd xmm4, xmm0; inc eax; dec ecx
    const user = [0xb9, ...word(turns), ...body, 0x75, -(body.length + 2) & 0xff, ...asm.outb(0x501, 0), ...asm.jumpOn()]; // mov ecx, turns; 1: body; jnz 1b
    const code = [...enter, 0x68, ...word(at + enter.length + 6), 0xcf, ...user]; // eip; iretd
    const descriptors = [0xffff, 0xcffb00, 0xffff, 0xcff300].flatMap(word); // 18, 20: flat code and data, DPL 3
    const image = new Uint8Array(data + 0x40 - at);
    image.set(code);
    image.set(descriptors, data + 0x18 - at);
    image.set([1, 0, 0, 0, 0, 0, 0, 0, ...word(0x1fa0), 0, 0, 0, 0, 0x27, 0, ...word(data)], data + 0x28 - at);
    return { kernel: guest([...image]), instructions: 15 + 1 + 6 * turns + 4 };
  };

  it.each(['tci', 'jit', 'jit,threshold=1', 'tci,one-insn-per-tb=on'])('counts each instruction once, where many are worked out exactly too, with -accel %s', async (accel) => {
    const { kernel, instructions } = denormals(), { accel: parsed } = parseQemuArgs(['-accel', accel, '-kernel', 'k']).options;
    const { pc } = await machine(kernel, { icount: { shift: 3, sleep: false }, accel: parsed! });
    expect(await pc.run()).toEqual({ reason: 'debug-exit', status: 1 });
    const executed = accel.includes('one-insn') ? instructions - 1 : instructions; // a machine ends at the end of the block
    expect([pc.stats.instructions, pc.stats.virtualNs]).toEqual([executed, executed * 8]);
  });

  it('passes 2^shift ns an instruction', async () => {
    const { pc } = await machine(guest(asm.outb(0x501, 0)), { icount: { shift: 7, sleep: false } });
    await pc.run();
    expect(pc.stats.virtualNs).toBe(pc.stats.instructions * 128);
  });
});

describe('what cannot be made is one clear error', () => {
  const make = (args: string, files: Record<string, Uint8Array> = { k: guest() }) =>
    createMachine(parseQemuArgs(args.split(' ')).options, memoryHost({ files }));

  it.each([
    ['-m 64M', 'There is nothing to boot: give -kernel FILE'],
    ['-kernel none', 'There is no file "none"'],
    ['-kernel k -m 1M', '-m gives 1048576 bytes of RAM; use at least 2M'],
    ['-kernel k -m 4G', '-m gives 4096 MiB of RAM; at most 4000 MiB fit'],
    ['-kernel k -cpu 486', 'there is no model "486"'],
    ['-kernel k -cpu max,+warp', 'no feature "warp"'],
    ['-kernel k -drive if=virtio,file=d', 'There is no file "d"'],
    ['-kernel k -device virtio-blk-pci,drive=x', '-device virtio-blk-pci,drive=x: there is no -drive with id=x'],
    ['-kernel k -device virtconsole,chardev=c', '-device virtconsole needs a bus: add -device virtio-serial-pci'],
    ['-kernel k -device virtio-serial-pci -device virtconsole,chardev=c', '-device virtconsole,chardev=c: there is no -chardev with id=c'],
    ['-kernel k -device isa-debug-exit,iobase=0x3f9', 'isa-debug-exit at port 0x3f9 collides with serial; choose another port'],
  ])('%s', async (args, message) => expect(make(args)).rejects.toThrow(message));

  it('a file that is no kernel', async () => {
    await expect(machine(Buffer.from('hello'))).rejects.toThrow('kernel: neither a bzImage, nor an ELF file, nor a multiboot kernel');
  });
});
