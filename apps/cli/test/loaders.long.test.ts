/** One Linux by each of the protocols that a PC without a BIOS can start it by: the kernel's own log says which one it was. */
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Scratch } from './disk-image.ts';
import { boot, guest, kernelTroubles } from './guests.ts';
import { vmlinuxOf, withoutPvhNote } from './vmlinux.ts';

it.each([
  ['PVH', (vmlinux: Buffer) => vmlinux],
  ['the 64-bit entry of an ELF file', withoutPvhNote],
] as const)('boots by %s', async (name, make) => {
  using scratch = new Scratch();
  const cloud = guest('cloud');
  const kernel = scratch.path('vmlinux');
  writeFileSync(kernel, make(vmlinuxOf(cloud.kernel)));
  await using emulator = boot({ ...cloud, kernel });
  await emulator.shell();
  expect((await emulator.run('uname -m; mount')).output).toMatch(/^x86_64\n[^]*\/dev\/vda on \/ type ext4/);
  const { output: log } = await emulator.run('dmesg');
  expect(kernelTroubles(log)).toEqual([]);
  expect(log.includes('Booting paravirtualized kernel')).toBe(true);
  console.log(`${name}: shell after ${emulator.shellCpuSeconds.toFixed(1)} s of CPU time`);
  expect(await emulator.powerOff()).toMatchObject({ status: 0 });
});
