import { beforeAll, describe, expect, it } from 'vitest';
import { createMachine, memoryHost, type Machine } from '@emu/machine';
import { Monitor } from './monitor.ts';

/** A Multiboot kernel that is a single hlt. */
const HLT = new Uint8Array(new Uint32Array([0x1bad_b002, 0x1_0000, -0x1bad_b002 - 0x1_0000, 0x10_0000, 0x10_0000, 0, 0, 0x10_0020, 0xf4]).buffer);

describe('the monitor', () => {
  const monitor = new Monitor();
  let machine: Machine;
  let screen = '';
  beforeAll(async () => {
    machine = monitor.machine = await createMachine({ memory: 4 << 20, kernel: HLT }, memoryHost());
    monitor.print = (text) => void (screen += text);
  });
  const type = (text: string): string => {
    screen = '';
    monitor.type(Buffer.from(text));
    return screen;
  };

  it('greets once and prompts', () => {
    monitor.open();
    monitor.open();
    expect(screen).toBe('\nemu monitor - type "help" for the commands\n(emu) \n(emu) ');
  });

  it('edits a line with backspace and Ctrl-U', () => {
    expect(type('heq\x7flp\r')).toContain('\b \blp\nhelp   ');
    expect(type('junk\x15info  status\r')).toContain('VM status: off\n(emu) ');
  });

  it('stops and goes on, resets, shows registers and statistics', async () => {
    machine.start();
    expect(type('info status\r')).toContain('VM status: running');
    await new Promise((resolve) => setTimeout(resolve, 20));
    type('stop\r');
    expect(type('info status\r')).toContain('VM status: paused');
    expect(type('info registers\r')).toMatch(/EAX=2badb002 .*\n[^]*EIP=00100021 EFL=00000002 \[-------\] CPL=0 II=0 A20=1 SMM=0 HLT=1\n[^]*CR0=00000011 /);
    expect(type('info stats\r')).toContain('guest instructions');
    type('system_reset\rcont\r');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(machine.stats.resets).toBe(1);
  });

  it('says what it does not know, and quits', async () => {
    expect(type('savevm x\r')).toContain("unknown command: 'savevm x'");
    type('quit\r');
    expect(await machine.ended).toEqual({ reason: 'quit' });
  });
});
