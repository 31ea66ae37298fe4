/** Linux in a terminal, as a person uses it: editing a line, Ctrl-C, full-screen programs, a break, the escape key. */
import { expect, it } from 'vitest';
import { EMULATOR } from './emulator.ts';
import { guest } from './guests.ts';
import { Tmux } from './tmux.ts';

const GUEST_PROMPT = /~ # $|~ #$/;

it('a shell in tmux: line editing, Ctrl-C, top, vi, a break by Ctrl-A b, Ctrl-A x', async () => {
  const { dir, kernel, initrd, rootfs } = guest('cloud');
  using terminal = new Tmux();
  await terminal.hostPrompt();
  const before = await terminal.settings();
  const append = 'console=ttyS0 root=/dev/vda quiet emu.size=24x80';
  terminal.enter(`clear; ${EMULATOR.join(' ')} -nographic -m 512M -L ${dir}/ -drive if=virtio,format=raw,file=${rootfs},snapshot=on -kernel ${kernel} -initrd ${initrd} -append '${append}'`);
  await terminal.waitFor(GUEST_PROMPT);

  terminal.type('echo hxllo wor');
  terminal.press('Left', 'Left', 'Left', 'Left', 'Left', 'Left', 'Left', 'BSpace'); // behind the x
  terminal.type('e');
  terminal.press('End');
  terminal.type('ldx');
  terminal.press('BSpace', 'Enter');
  await terminal.waitFor(/^hello world$/m);
  terminal.press('Up', 'Enter'); // history
  await terminal.waitFor(/^hello world\n[^]*^hello world$/m);

  terminal.enter("clear; sh -c 'echo asleep; exec sleep 1000'");
  await terminal.waitFor(/^asleep$/m);
  terminal.press('C-c');
  await terminal.waitFor(/^\^C\n~ #$/m);
  terminal.enter('echo status $?');
  await terminal.waitFor(/^status 130$/m);

  terminal.enter('top');
  await terminal.waitFor(/^Mem: \d+K used[^]*PID +PPID USER[^]*top/m);
  terminal.type('q');
  await terminal.waitFor(GUEST_PROMPT);

  terminal.enter('vi /tmp/file');
  await terminal.waitFor(/^- \/tmp\/file 1\/1/m);
  terminal.type('isome text');
  await terminal.waitFor(/^some text\n/);
  terminal.press('Escape');
  await terminal.waitFor(/^- \/tmp\/file/m); // an Escape with more keys right behind it is a function key
  terminal.enter('yyp:wq'); // a second line like it
  await terminal.waitFor(GUEST_PROMPT);
  terminal.enter('clear; cat /tmp/file; stty size');
  await terminal.waitFor(/^some text\nsome text\n24 80\n/m);

  terminal.press('C-a', 'b');
  terminal.press('Enter'); // a key behind a break may be taken for a SysRq command
  terminal.enter('grep -o brk:. /proc/tty/driver/serial');
  await terminal.waitFor(/^brk:1$/m);

  terminal.press('C-a', 'x');
  await terminal.hostPrompt();
  expect(await terminal.settings()).toBe(before);
});
