import { describe, expect, it } from 'vitest';
import { RunSession } from './run-protocol.ts';

const MARK = '0123456789abcdef0123456789abcdef';

function session(command = 'true') {
  const got = { sent: '', stdout: '', stderr: '', exit: -1 };
  const run = new RunSession(command, {
    send: (b) => void (got.sent += Buffer.from(b)), stdout: (b) => void (got.stdout += Buffer.from(b)),
    stderr: (b) => void (got.stderr += Buffer.from(b)), exit: (n) => void (got.exit = n),
  }, MARK);
  return { got, receive: (text: string) => run.receive(Buffer.from(text)) };
}

describe('run protocol, host side', () => {
  it('sends the command with its length once the guest is ready', () => {
    const { got, receive } = session('uname -m');
    receive('noise of the firmware\r\nemu-run 1 re');
    expect(got.sent).toBe('');
    receive('ady\n');
    expect(got.sent).toBe(`${MARK} 9\nuname -m\n`);
  });

  it('passes output through, errors apart, and reports the status', () => {
    const { got, receive } = session();
    receive(`emu-run 1 ready\none\n${MARK}2oops\ntwo${MARK}x7\n`);
    expect(got).toMatchObject({ stdout: 'one\ntwo', stderr: 'oops\n', exit: 7 });
  });

  it('gives the same whatever the size of the pieces', () => {
    const stream = `emu-run 1 ready\nbin\0ary 0123456789abcd\n${MARK}2e1\n${MARK}2\n${MARK.slice(0, 20)}!${MARK}x255\n`;
    for (let size = 1; size < stream.length; size++) {
      const { got, receive } = session();
      for (let at = 0; at < stream.length; at += size) receive(stream.slice(at, at + size));
      expect(got).toMatchObject({ stdout: `bin\0ary 0123456789abcd\n${MARK.slice(0, 20)}!`, stderr: 'e1\n\n', exit: 255 });
    }
  });
});
