/** Linux's own drivers on the devices that options add, and on those of the board that a boot does not use by itself. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fsck, Scratch } from './disk-image.ts';
import { boot, guest, kernelTroubles } from './guests.ts';

const MIB = 2 ** 20;
const DISK_BYTES = 64 * MIB;

describe('Linux drives', () => {
  it.each(['tci', 'jit'])('virtio disks with discard and write-zeroes, entropy, consoles and the RTC (-accel %s)', async (accel) => {
    using scratch = new Scratch();
    const [disk, terminal, port] = ['disk', 'terminal', 'port'].map((name) => scratch.path(name)) as [string, string, string];
    writeFileSync(disk, randomBytes(DISK_BYTES));
    await using emulator = boot(guest('debian'), {
      extra: [
        '-accel', accel, '-drive', `if=none,id=d,format=raw,file=${disk},discard=unmap`, '-device', 'virtio-blk-pci,drive=d,num-queues=4,serial=SERIAL42,physical_block_size=4096',
        '-device', 'virtio-rng-pci', '-chardev', `file,id=t,path=${terminal}`, '-chardev', `file,id=p,path=${port}`,
        '-device', 'virtio-serial-pci', '-device', 'virtconsole,chardev=t', '-device', 'virtserialport,chardev=p,name=emu.port',
      ],
    });
    await emulator.shell();
    const run = async (line: string): Promise<string> => {
      const { output, status } = await emulator.run(line);
      expect(status, `${line}: ${output}`).toBe(0);
      return output;
    };
    await run('echo 1 >/proc/sys/kernel/printk');

    expect(await run('cd /sys/block/vdb && cat serial queue/physical_block_size queue/discard_max_bytes queue/write_zeroes_max_bytes; cd')).toMatch(/^SERIAL42\n?4096\n[1-9]\d+\n[1-9]\d+\n$/);
    await run(`blkdiscard -z -o ${MIB} -l ${MIB} /dev/vdb && sync`); // write zeroes
    expect(readFileSync(disk).subarray(MIB, 2 * MIB).every((byte) => byte === 0)).toBe(true);
    expect(readFileSync(disk).subarray(2 * MIB, 3 * MIB).some((byte) => byte !== 0)).toBe(true);
    await run('blkdiscard /dev/vdb');
    await run('mkfs.ext4 -q /dev/vdb && mount /dev/vdb /mnt && cp -r /etc /mnt && rm -r /mnt/etc/ssl && fstrim -v /mnt && umount /mnt');
    expect(fsck(disk)).toBe('');

    expect(await run('cat /sys/class/misc/hw_random/rng_current; head -c 65536 /dev/hwrng >/tmp/random; gzip -c /tmp/random | wc -c')).toMatch(/^virtio_rng\.\d\n6[56]\d\d\d\n$/);
    await run('echo to the console >/dev/hvc0; for p in /sys/class/virtio-ports/*; do [ "$(cat $p/name)" = emu.port ] && echo to the port >/dev/${p##*/}; done');
    expect(readFileSync(terminal, 'latin1').replaceAll('\r', '')).toContain('to the console\n');
    expect(readFileSync(port, 'latin1')).toBe('to the port\n');

    expect(await run('cat /sys/class/rtc/rtc0/name')).toContain('rtc_cmos');
    await run('echo 0 >/sys/class/rtc/rtc0/wakealarm; echo +3 >/sys/class/rtc/rtc0/wakealarm; sleep 6');
    expect(await run("grep -c '^ *8: *[1-9]' /proc/interrupts; cat /sys/class/rtc/rtc0/wakealarm")).toBe('1\n'); // it rang, and is gone
    const guestSeconds = Number(await run('cat /sys/class/rtc/rtc0/since_epoch'));
    expect(Math.abs(guestSeconds - Date.now() / 1000)).toBeLessThan(10);

    expect(kernelTroubles(await run('dmesg'))).toEqual([]);
    expect(await emulator.powerOff()).toMatchObject({ status: 0 });
  });

  it('a reset: the kernel starts again, and with -no-reboot the emulator ends with status 0', async () => {
    await using again = boot(guest('cloud'));
    await again.shell();
    again.type('reboot -f\n');
    await again.waitFor('Linux version', 60);
    await again.shell();
    expect((await again.run('cat /proc/uptime')).status).toBe(0);
    expect(await again.powerOff()).toMatchObject({ status: 0 });

    await using once = boot(guest('cloud'), { extra: ['-no-reboot'] });
    await once.shell();
    once.type('reboot -f\n');
    expect(await once.ended).toMatchObject({ status: 0 });
  });
});
