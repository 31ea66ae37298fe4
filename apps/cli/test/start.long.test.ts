/** What a new user types: `npm start -- --run`, and the field's own command line with the pack that it makes. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Emulator } from './emulator.ts';
import { guest } from './guests.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

describe('npm start -- --run', () => {
  const start = (...args: string[]) => spawnSync('npm', ['start', '--silent', '--', ...args], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  it("prints the command's output alone, and exits with its status", () => {
    const { stdout, status } = start('--run', 'uname -m; mount | grep vda; head -5 /proc/cpuinfo');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^x86_64\n\/dev\/vda on \/ type ext4 \(rw,relatime\)\nprocessor\t: 0\nvendor_id\t: \w+\ncpu family\t: \d+\nmodel\t\t: \d+\nmodel name\t: .+\n$/);
    expect(start('--run', 'exit 7').status).toBe(7);
  });

  it('hands further arguments to the emulator, and its complaints to the user', () => {
    expect(start('--run', 'grep MemTotal /proc/meminfo', '-m', '1G').stdout).toMatch(/^MemTotal: +9[89]\d\d\d\d kB\n$/);
    const wrong = start('--run', 'true', '-hda', 'x');
    expect(wrong.status).toBe(125);
    expect(wrong.stderr).toContain("emu-system-x86_64: -hda: this option of QEMU's is not supported");
  });
});

it("takes the field's own command line word for word; earlyprintk speaks before the console's driver", async () => {
  const { dir } = guest('cloud');
  const words = `-nographic -m 512M -L pack/ -drive if=virtio,format=raw,file=pack/rootfs.bin -kernel pack/bzImage -append 'earlyprintk=ttyS0 console=ttyS0 root=/dev/vda loglevel=7' -initrd pack/initrd`;
  expect(`${dir}/`).toBe(`${ROOT}pack/`);
  await using emulator = new Emulator(['-c', `exec ./node_modules/.bin/emu-system-x86_64 ${words} -snapshot`], ['sh'], ROOT); // the disk stays as it is
  await emulator.shell();
  const [early, driver] = [emulator.text.indexOf('bootconsole [earlyser0] enabled'), emulator.text.indexOf('console [ttyS0] enabled')];
  expect(early).toBeGreaterThan(0);
  expect(driver).toBeGreaterThan(early);
  expect((await emulator.run('cat /proc/cmdline')).output).toBe('earlyprintk=ttyS0 console=ttyS0 root=/dev/vda loglevel=7\n');
  expect(await emulator.powerOff()).toMatchObject({ status: 0 });
});
