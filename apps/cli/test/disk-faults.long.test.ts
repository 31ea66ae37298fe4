/** Disks of the host that fail under a running Linux: the guest gets I/O errors and goes on, and so does the emulator. */
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Scratch } from './disk-image.ts';
import { boot, guest, kernelTroubles } from './guests.ts';

const MIB = 2 ** 20;
/** No kernel messages between the lines of a command. */
const QUIET = 'echo 1 >/proc/sys/kernel/printk';

describe('a disk file', () => {
  it('that becomes short is I/O errors behind its end; what is left stays readable', async () => {
    using scratch = new Scratch();
    const second = scratch.path('second');
    writeFileSync(second, Buffer.alloc(8 * MIB, 'x'));
    await using emulator = boot(guest('cloud'), { extra: ['-drive', `if=virtio,format=raw,file=${second}`] });
    await emulator.shell();
    await emulator.run(QUIET);
    const read = (block: number) => emulator.run(`dd if=/dev/vdb bs=1M skip=${block} count=1 iflag=direct 2>&1 >/dev/null | grep -c 'Input/output error'`);
    expect((await read(6)).output).toBe('0\n');
    truncateSync(second, 4 * MIB);
    expect((await read(6)).output).toBe('1\n');
    expect((await emulator.run("dd if=/dev/zero of=/dev/vdb bs=1M seek=6 count=1 oflag=direct 2>&1 | grep -c 'Input/output error'")).output).toBe('1\n');
    expect((await read(1)).output).toBe('0\n');
    const { output: log } = await emulator.run('dmesg');
    expect(log).toMatch(/I\/O error, dev vdb, sector 12\d\d\d/);
    expect(kernelTroubles(log)).toEqual([]);
    expect(emulator.errors).toMatch(/drive virtio1: .*ends at byte 4194304 but had 8388608 bytes when it was opened/);
    expect(await emulator.powerOff()).toMatchObject({ status: 0 });
  });

  it('that is the root becomes short: commands that need it fail, the shell and the emulator live', async () => {
    using scratch = new Scratch();
    const cloud = guest('cloud');
    const disk = scratch.copy(cloud.rootfs);
    await using emulator = boot(cloud, { disk: `if=virtio,format=raw,file=${disk}` });
    await emulator.shell();
    await emulator.run(QUIET);
    const read = () => emulator.run('for f in /lib/modules/*/modules.[ads]*; do read -r line <$f || echo "failed: $f"; done; echo still here'); // the shell alone
    expect((await read()).output).toBe('still here\n');
    truncateSync(disk, MIB);
    await emulator.run('echo 3 >/proc/sys/vm/drop_caches');
    expect((await read()).output).toMatch(/^[^]*failed: [^]*modules\.dep\n[^]*still here\n$/);
    emulator.kill('SIGTERM');
    expect(await emulator.ended).toMatchObject({ status: 0 });
  });

  it('that is deleted stays readable while it is open', async () => {
    using scratch = new Scratch();
    const second = scratch.path('second');
    writeFileSync(second, Buffer.alloc(MIB, 'y'));
    await using emulator = boot(guest('cloud'), { extra: ['-drive', `if=virtio,format=raw,file=${second}`] });
    await emulator.shell();
    rmSync(second);
    expect((await emulator.run('head -c 4 /dev/vdb')).output).toBe('yyyy');
    expect(await emulator.powerOff()).toMatchObject({ status: 0 });
  });
});
