import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { cpio } from './cpio.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

describe('cpio newc writer', () => {
  const archive = cpio([
    { type: 'file', path: 'bin/tool', data: 'hello', mode: 0o755 },
    { type: 'link', path: 'bin/sh', to: 'tool' },
    { type: 'char', path: 'dev/console', major: 5, minor: 1 },
  ]);

  it('writes the header that the kernel documents: magic, then 13 fields of 8 hex digits', () => {
    // buffer-format.rst: ino, mode, uid, gid, nlink, mtime, filesize, maj, min, rmaj, rmin, namesize, chksum
    const bin = '070701' + '00000001' + '000041ed' + '00000000' + '00000000' + '00000002' + '00000000' + '00000000' + '00000000'
      + '00000000' + '00000000' + '00000000' + '00000004' + '00000000';
    expect(text(archive).startsWith(`${bin}bin\0`)).toBe(true);
  });

  it('adds missing parents once and before their children', () => {
    const names = [...text(archive).matchAll(/070701[0-9a-f]{104}([^\0]+)\0/g)].map((m) => m[1]);
    expect(names).toEqual(['bin', 'bin/tool', 'bin/sh', 'dev', 'dev/console', 'TRAILER!!!']);
  });

  it('pads names and data to four bytes', () => expect(archive.length % 4).toBe(0));

  it('is the same for the same entries', () => {
    const again = cpio([{ type: 'directory', path: 'a' }]);
    expect(cpio([{ type: 'directory', path: 'a' }])).toEqual(again);
  });

  it.skipIf(spawnSync('cpio', ['--version']).error)('is listed by GNU cpio', () => {
    const listed = spawnSync('cpio', ['-tv', '--quiet'], { input: archive });
    expect(listed.status).toBe(0);
    expect(listed.stdout.toString()).toMatch(/^-rwxr-xr-x .* 5 .* bin\/tool$/m);
    expect(listed.stdout.toString()).toMatch(/^crw------- .* 5, *1 .* dev\/console$/m);
  });
});
