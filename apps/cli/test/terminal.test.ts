/** The program in a terminal, with small guests: keys reach the guest raw, and whatever ends the emulator, the terminal is as it was. */
import { writeFileSync } from 'node:fs';
import { GuestCode } from '@emu/machine/testing';
import { describe, expect, it } from 'vitest';
import { Scratch } from './disk-image.ts';
import { EMULATOR } from './emulator.ts';
import { hasTmux, Tmux } from './tmux.ts';

const PM1_CONTROL = 0x604, SOFT_OFF = 0x2000;

/** Says "ready", then prints what is typed with a dot behind each key; "q" turns the machine off. */
function keysGuest(): Uint8Array {
  const code = new GuestCode().print('ready ').label('next').getAl().cmpAl('q'.charCodeAt(0)).jz('off').putAl().print('.').jmp('next');
  return code.label('off').bytes(0x66, 0xb8, SOFT_OFF & 0xff, SOFT_OFF >>> 8).outAx(PM1_CONTROL).cli().hlt().kernel();
}

describe.skipIf(!hasTmux)('the terminal', () => {
  it.each<[string, string[], (terminal: Tmux) => void]>([
    ['Ctrl-A x', [], (terminal) => terminal.press('C-a', 'x')],
    ['kill -TERM', [], (terminal) => void process.kill(terminal.pidOf('emu-system'), 'SIGTERM')],
    ['kill -HUP', [], (terminal) => void process.kill(terminal.pidOf('emu-system'), 'SIGHUP')],
    ["the guest's power-off", [], (terminal) => terminal.type('q')],
    ['an error of the emulator', ['-d', 'in_asm', '-D', '/dev/full'], () => {}],
  ])('is as it was after %s', { timeout: 400_000 }, async (_how, extra, end) => {
    using scratch = new Scratch();
    writeFileSync(scratch.path('kernel'), keysGuest());
    using terminal = new Tmux();
    await terminal.hostPrompt();
    const before = await terminal.settings();
    terminal.enter(`clear; ${[...EMULATOR, '-nographic', '-m', '4M', '-kernel', scratch.path('kernel'), ...extra].join(' ')}`);
    if (extra.length === 0) {
      await terminal.waitFor(/^ready$/m);
      terminal.type('a');
      await terminal.waitFor(/^ready a\.$/m);
      terminal.press('C-c', 'C-z', 'C-d'); // no signals of the host: the guest gets them
      terminal.type('b');
      await terminal.waitFor(/b\.$/);
    }
    end(terminal);
    await terminal.hostPrompt();
    expect(await terminal.settings()).toBe(before);
  });

  it('an error is one line, status 1, in a terminal that is as it was', { timeout: 400_000 }, async () => {
    using scratch = new Scratch();
    writeFileSync(scratch.path('kernel'), keysGuest());
    using terminal = new Tmux();
    await terminal.hostPrompt();
    terminal.enter(`clear; ${[...EMULATOR, '-nographic', '-m', '4M', '-kernel', scratch.path('kernel'), '-d', 'in_asm', '-D', '/dev/full'].join(' ')}; echo status $?`);
    expect(await terminal.waitFor(/^status \d+$/m)).toMatch(/^emu-system-x86_64: could not write to '\/dev\/full': .*\nstatus 1\nhost>$/);
  });

  it('Ctrl-A c opens the monitor and goes back, Ctrl-A h lists the keys, Ctrl-A Ctrl-A is a Ctrl-A for the guest', { timeout: 400_000 }, async () => {
    using scratch = new Scratch();
    writeFileSync(scratch.path('kernel'), keysGuest());
    using terminal = new Tmux();
    await terminal.hostPrompt();
    terminal.enter(`clear; ${[...EMULATOR, '-nographic', '-m', '4M', '-kernel', scratch.path('kernel')].join(' ')}`);
    await terminal.waitFor('ready');
    terminal.press('C-a', 'h');
    await terminal.waitFor(/Ctrl-A x +exit emulator/);
    terminal.press('C-a', 'c');
    await terminal.waitFor(/\(emu\)$/);
    terminal.enter('info status');
    await terminal.waitFor(/VM status: running\n\(emu\)$/);
    terminal.press('C-a', 'c');
    terminal.type('z');
    await terminal.waitFor(/z\.$/);
    terminal.press('C-a', 'C-a', 'y');
    await terminal.waitFor(/\.y\.$/);
    terminal.press('C-a', 'c');
    terminal.enter('quit');
    await terminal.waitFor(/^\(emu\) quit\n\(emu\)\nhost>$/m);
  });

  it('of -serial stdio is raw too, while Ctrl-Z stops the emulator and Ctrl-C ends it', { timeout: 400_000 }, async () => {
    using scratch = new Scratch();
    writeFileSync(scratch.path('kernel'), keysGuest());
    using terminal = new Tmux();
    await terminal.hostPrompt();
    const before = await terminal.settings();
    terminal.enter(`clear; ${[...EMULATOR, '-serial', 'stdio', '-m', '4M', '-kernel', scratch.path('kernel')].join(' ')}`);
    await terminal.waitFor(/^ready$/m);
    terminal.type('a\x01'); // nothing is shared: Ctrl-A is a key
    await terminal.waitFor(/^ready a\.\S*\.$/m);
    terminal.press('C-z');
    await terminal.waitFor(/Stopped[^]*\nhost>$/);
    expect(await terminal.settings()).toBe(before);
    terminal.enter('clear; fg >/dev/null');
    await new Promise((resolve) => setTimeout(resolve, 1000)); // until it has the terminal, the shell's settings echo
    terminal.type('b');
    await terminal.waitFor(/^b\.$/m);
    terminal.press('C-c');
    await terminal.waitFor(/^b\.\nhost>$/m);
    expect(await terminal.settings()).toBe(before);
  });

  it('is left alone where nothing uses it: the emulator runs in the background, and Ctrl-C is the signal', { timeout: 400_000 }, async () => {
    using scratch = new Scratch();
    writeFileSync(scratch.path('kernel'), keysGuest());
    using terminal = new Tmux();
    await terminal.hostPrompt();
    const before = await terminal.settings();
    const command = [...EMULATOR, '-display', 'none', '-serial', `file:${scratch.path('out')}`, '-m', '4M', '-kernel', scratch.path('kernel')].join(' ');
    terminal.enter(`clear; ${command} & until grep -q ready ${scratch.path('out')}; do sleep 0.1; done; clear; jobs`);
    await terminal.waitFor(/\[1\][ +]+Running .*\n[^]*host>$/);
    expect(await terminal.settings()).toBe(before);
    terminal.enter('clear; fg >/dev/null');
    await new Promise((resolve) => setTimeout(resolve, 500));
    terminal.press('C-c');
    await terminal.waitFor(/\^C\s*host>$/);
  });

  it('of -monitor stdio shows what is typed once, and the line before on the up key', { timeout: 400_000 }, async () => {
    using scratch = new Scratch();
    writeFileSync(scratch.path('kernel'), keysGuest());
    using terminal = new Tmux();
    await terminal.hostPrompt();
    const before = await terminal.settings();
    terminal.enter(`clear; ${[...EMULATOR, '-serial', 'null', '-monitor', 'stdio', '-m', '4M', '-kernel', scratch.path('kernel')].join(' ')}`);
    await terminal.waitFor(/^\(emu\)$/m);
    terminal.enter('info status');
    await terminal.waitFor(/^\(emu\) info status\nVM status: running\n\(emu\)$/m);
    terminal.press('Up', 'BSpace', 'BSpace', 'Enter');
    await terminal.waitFor(/^unknown command: 'info stat'.*\n\(emu\)$/m);
    terminal.press('C-c');
    await terminal.waitFor(/^\(emu\)\nhost>$/m);
    expect(await terminal.settings()).toBe(before);
  });
});
