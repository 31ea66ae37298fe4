/** The built guests, booted by the native `qemu-system-x86_64`: what must hold before an emulator of ours is to blame. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { buildGuest } from './build.ts';
import { exists } from './command.ts';
import { interactiveArgs, runInGuest } from './launch.ts';
import { RECIPES } from './recipes.ts';

const QEMU = 'qemu-system-x86_64';

async function runNative(name: keyof typeof RECIPES, command: string) {
  let stdout = '';
  let stderr = '';
  const status = await runInGuest({
    emulator: [QEMU], guest: buildGuest(RECIPES[name]), command, persist: false, timeoutS: 240,
    stdout: (b) => void (stdout += Buffer.from(b).toString('latin1')), stderr: (b) => void (stderr += Buffer.from(b)),
  });
  return { status, stdout, stderr };
}

describe.skipIf(!exists(QEMU))('guests under native QEMU', { timeout: 600_000 }, () => {
  it.each([['cloud', 'x86_64'], ['full', 'x86_64'], ['i386', 'i686']] as const)('%s runs a command from /dev/vda', async (name, machine) => {
    const ran = await runNative(name, "uname -m; mount | grep vda; printf 'no newline'; echo oops >&2; exit 7");
    expect(ran).toEqual({ status: 7, stdout: `${machine}\n/dev/vda on / type ext4 (rw,relatime)\nno newline`, stderr: 'oops\n' });
  });

  it('output comes back byte for byte', async () => {
    const ran = await runNative('cloud', 'i=0; while [ $i -lt 256 ]; do printf "\\\\$(printf %o $i)"; i=$((i+1)); done; yes | head -c 100000');
    expect(ran.status).toBe(0);
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    expect(ran.stdout).toBe(all + 'y\n'.repeat(50000));
  });

  it('the benchmark initramfs reaches init and powers off', () => {
    const guest = buildGuest(RECIPES.cloud);
    const ran = spawnSync(QEMU, ['-nographic', '-m', '512M', '-no-reboot', '-kernel', guest.kernel, '-initrd', guest.initrdBench, '-append', 'console=ttyS0'],
      { input: '', timeout: 120_000 });
    expect(ran.status).toBe(0);
    expect(ran.stdout.toString()).toContain('emu-bench: init reached');
  });

  it('a shell prompt appears on the console, with earlyprintk before the console driver', () => {
    const guest = buildGuest(RECIPES.cloud);
    const args = interactiveArgs({ emulator: [QEMU], guest, persist: false });
    const ran = spawnSync('timeout', ['30', QEMU, ...args], { input: '' });
    const text = ran.stdout.toString();
    expect(text.indexOf('bootconsole [earlyser0] enabled')).toBeGreaterThan(0);
    expect(text.indexOf('console [ttyS0] enabled')).toBeGreaterThan(text.indexOf('bootconsole [earlyser0] enabled'));
    expect(text).toContain('~ # ');
  });
});
