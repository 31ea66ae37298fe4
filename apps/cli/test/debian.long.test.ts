/** Real programs in a full Debian userland: interpreters, compiler, cryptography, a stress test that checks its results, the disk, the clock. */
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fileInImage, fsck, Scratch } from './disk-image.ts';
import { boot, guest, kernelTroubles } from './guests.ts';

const FILE_MIB = 64;
const CLOCK_SECONDS = 60;
/** Prints the bytes of SHA-256's first constants, which needs integer and floating point to be right (FIPS 180-4, section 4.2.2). */
const PROGRAM = `#include <math.h>
#include <stdint.h>
#include <stdio.h>
int main(void) {
  for (int n = 2, found = 0; found < 8; n++) {
    int prime = 1;
    for (int d = 2; d * d <= n; d++) if (n % d == 0) prime = 0;
    if (!prime) continue;
    double root = cbrt(n);
    printf("%08x ", (uint32_t)((root - floor(root)) * 4294967296.0));
    found++;
  }
  puts("");
}
`;
const CONSTANTS = '428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5 \n';

it.each(['tci', 'jit'])('Debian works with -accel %s', async (accel) => {
  using scratch = new Scratch();
  const debian = guest('debian');
  const disk = scratch.copy(debian.rootfs);
  const data = randomBytes(FILE_MIB * 2 ** 20);
  const sum = createHash('sha256').update(data).digest('hex');
  writeFileSync(scratch.path('data'), data);
  await using emulator = boot(debian, {
    memory: '1G', disk: `if=virtio,format=raw,file=${disk}`, extra: ['-accel', accel, '-drive', `if=virtio,format=raw,readonly=on,file=${scratch.path('data')}`],
  });
  await emulator.shell();
  const run = async (line: string, withinSeconds = 300): Promise<string> => {
    const { output, status } = await emulator.run(line, withinSeconds);
    expect(status, `${line}: ${output}`).toBe(0);
    return output;
  };
  await run('echo 1 >/proc/sys/kernel/printk'); // no kernel messages between the programs' lines

  expect(await run(`python3 -c 'import hashlib, json, math, decimal; print(json.dumps([sum(range(1000)), math.pi, str(decimal.Decimal(2).sqrt()), hashlib.md5(b"").hexdigest()]))'`))
    .toBe('[499500, 3.141592653589793, "1.414213562373095048801688724", "d41d8cd98f00b204e9800998ecf8427e"]\n');
  expect(await run(String.raw`perl -MList::Util=sum -e 'my %h = map { $_ => $_ ** 2 } 1..1000; printf "%d %.6f %s\n", sum(values %h), atan2(1, 1) * 4, join "", sort { $b cmp $a } "perl" =~ /./g'`))
    .toBe('333833500 3.141593 rple\n');

  await run(`printf %s '${PROGRAM}' >/root/k.c`);
  for (const level of ['-O0', '-O2']) expect(await run(`gcc ${level} -o /root/k /root/k.c -lm && /root/k`)).toBe(CONSTANTS);

  const speed = await run('openssl speed -seconds 1 sha256 aes-128-cbc 2>/dev/null');
  const rates = [...speed.matchAll(/^(sha256|aes-128-cbc) +(.*)$/gm)].map(([, name, row]) => [name, row!.trim().split(/\s+/).map((rate) => Number.parseFloat(rate))] as const);
  expect(rates.map(([name]) => name).sort()).toEqual(['aes-128-cbc', 'sha256']);
  for (const [, row] of rates) expect(row.filter((rate) => rate > 0)).toHaveLength(6);
  console.log(speed.trim().split('\n').slice(-3).join('\n'));

  await run('cp /dev/vdb /root/data && sync && echo 3 >/proc/sys/vm/drop_caches');
  expect(await run('sha256sum /root/data')).toBe(`${sum}  /root/data\n`);

  const stress = await run('stress-ng --cpu 2 --vm 1 --vm-bytes 256M --verify -t 20 2>&1');
  expect(stress).toMatch(/successful run completed/);
  expect(stress).not.toMatch(/fail|error/i);

  await run('mkdir /root/tree && cp -r /usr/share/perl /root/tree/ && rm -rf /root/tree/perl/*/unicore && find /root/tree -type f | head -100 | xargs -I{} mv {} {}.moved && sync');

  const clock = async (): Promise<[ahead: number, behind: number]> => {
    const before = Date.now() / 1000;
    const guestSeconds = Number(await run('date +%s.%N'));
    return [guestSeconds - Date.now() / 1000, before - guestSeconds];
  };
  await clock();
  await new Promise((resolve) => setTimeout(resolve, CLOCK_SECONDS * 1000));
  const [ahead, behind] = await clock();
  console.log(`${accel}: after ${emulator.seconds.toFixed(0)} s the guest's clock is between ${(-behind).toFixed(2)} s and ${ahead.toFixed(2)} s off`);
  expect(Math.max(ahead, behind)).toBeLessThan(1);

  expect(kernelTroubles(await run('dmesg'))).toEqual([]);
  expect(await emulator.powerOff()).toMatchObject({ status: 0 });
  expect(fsck(disk)).toBe('');
  expect(createHash('sha256').update(fileInImage(disk, '/root/data')).digest('hex')).toBe(sum);
});
