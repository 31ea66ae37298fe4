/** The program as a process: exit statuses, messages, output. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../bin/emu-system-x86_64.mjs', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'emu-cli-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** A Multiboot kernel of `code`. */
function kernel(name: string, ...code: readonly (readonly number[])[]): string {
  const header = new Uint8Array(new Uint32Array([0x1bad_b002, 0x1_0000, -0x1bad_b002 - 0x1_0000, 0x10_0000, 0x10_0000, 0, 0, 0x10_0020]).buffer);
  writeFileSync(join(dir, name), Uint8Array.from([...header, ...code.flat(), 0xf4, 0xeb, 0xfd]));
  return join(dir, name);
}
const out = (port: number, value: number): number[] => [0x66, 0xba, port & 0xff, port >>> 8, 0xb0, value, 0xee];
const print = (text: string): number[] => [...text].flatMap((c) => out(0x3f8, c.charCodeAt(0)));

const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', BIN, ...args], { encoding: 'utf8', timeout: 60_000, input: '' });
  return { status, stdout, stderr };
};

describe('emu-system-x86_64', () => {
  const hello = kernel('hello', print('hi\n'), out(0x501, 20));
  const off = kernel('off', [0x66, 0xba, 0x04, 0x06, 0x66, 0xb8, 0x00, 0x20, 0x66, 0xef]);
  const fault = kernel('fault', [0x0f, 0x0b]);

  it('prints the serial port and exits with (value << 1) | 1', () => {
    expect(run('-nographic', '-m', '4M', '-kernel', hello, '-device', 'isa-debug-exit')).toEqual({ status: 41, stdout: 'hi\n', stderr: '' });
  });

  it('exits with 0 after ACPI power-off, and after a triple fault with -no-reboot', () => {
    expect(run('-nographic', '-m', '4M', '-kernel', off).status).toBe(0);
    expect(run('-nographic', '-m', '4M', '-kernel', fault, '-no-reboot').status).toBe(0);
  });

  it('writes serial ports and logs to files, finds files through -L', () => {
    const [serial, log] = [join(dir, 'serial.txt'), join(dir, 'log.txt')];
    expect(run('-m', '4M', '-L', dir, '-kernel', 'hello', '-device', 'isa-debug-exit', '-serial', `file:${serial}`, '-display', 'none').status).toBe(41);
    expect(readFileSync(serial, 'utf8')).toBe('hi\n');
    run('-nographic', '-m', '4M', '-kernel', fault, '-no-reboot', '-d', 'int', '-D', log);
    expect(readFileSync(log, 'utf8')).toMatch(/^ {5}0: v=06 e=0000 i=0 cpl=0 IP=0010:0000000000100020 /);
  });

  it('prints in the end what the guest printed while the monitor had the terminal', () => {
    const { stdout, status } = spawnSync(process.execPath, [BIN, '-nographic', '-S', '-m', '4M', '-kernel', hello, '-device', 'isa-debug-exit'], { encoding: 'utf8', timeout: 60_000, input: '\x01ccont\r' });
    expect(status).toBe(41);
    expect(stdout).toMatch(/^\(emu\) cont\r\n\(emu\) \r\nhi\n$/m);
  });

  it('shows statistics at the end', () => {
    expect(run('-nographic', '-m', '4M', '-kernel', hello, '-device', 'isa-debug-exit', '--stats').stderr).toMatch(/guest instructions +0\.0 M\nspeed /);
    expect(run('-nographic', '-m', '4M', '-kernel', hello, '-device', 'isa-debug-exit', '--stats', '-accel', 'jit,threshold=1').stderr).toMatch(/\ncompiled +\d+ regions of \d+ TBs /);
  });

  it('says in one line what is wrong, with status 1', () => {
    expect(run('-kernel', '/no/such')).toEqual({ status: 1, stdout: '', stderr: "emu-system-x86_64: -kernel: could not load '/no/such': there is no such file or directory; check the path\n" });
    expect(run('-hda', 'x')).toEqual({ status: 1, stdout: '', stderr: expect.stringMatching(/^emu-system-x86_64: -hda: this option of QEMU's is not supported.*\n$/) });
    expect(run('-kernel', hello, '-drive', `if=virtio,file=${dir}`).stderr).toMatch(/^emu-system-x86_64: -drive: could not open '.*': it is a directory.*\n$/);
    expect(run('-kernel', hello, '-initrd', '/no/such').stderr).toMatch(/^emu-system-x86_64: -initrd: could not load '\/no\/such': there is no such file/);
    expect(run('-kernel', hello, '-fw_cfg', 'opt/x,file=/no/such').stderr).toMatch(/^emu-system-x86_64: -fw_cfg: could not load '\/no\/such'/);
    expect(run('-kernel', hello, '-serial', 'file:/no/such').stderr).toMatch(/^emu-system-x86_64: -serial: could not write to '\/no\/such'/);
    expect(run('-kernel', hello, '-d', 'int', '-D', '/no/such').stderr).toMatch(/^emu-system-x86_64: -D: could not write to '\/no\/such'/);
    expect(run('-kernel', fileURLToPath(import.meta.url)).stderr).toMatch(/^emu-system-x86_64: -kernel .*main\.test\.ts: neither a bzImage, nor .*\n$/);
  });

  it('knows its version, its topics and its models', () => {
    expect(run('--version').stdout).toMatch(/^emu-system-x86_64 \d+\.\d+\.\d+\n$/);
    expect(run('--help', 'disks').stdout).toContain('-drive if=virtio');
    expect(run('-cpu', 'help').stdout).toMatch(/qemu64\n/);
  });
});
