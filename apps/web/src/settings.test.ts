import { parseQemuArgs } from '@emu/machine';
import { expect, test } from 'vitest';
import { applySettings, commandLine, memoryMiB, optionValue, splitCommandLine } from './settings.ts';

const PAGE = ['-nographic', '-m', '512M', '-drive', 'if=virtio,format=raw,file=pack/rootfs.bin,snapshot=on', '-kernel', 'pack/bzImage', '-initrd', 'pack/initrd', '-append', 'quiet'];

test('without settings the arguments are what they were, word for word', () => {
  expect(applySettings(PAGE, {})).toEqual(PAGE);
});

test('memory and kernel command line take the place of the page\'s, or are added', () => {
  const argv = applySettings(PAGE, { memory: '1024M', append: 'console=ttyS0' });
  expect(parseQemuArgs(argv).options).toMatchObject({ memory: 2 ** 30, append: 'console=ttyS0', kernel: 'pack/bzImage' });
  expect(applySettings([], { memory: '1024M', accel: 'tci' })).toEqual(['-m', '1024M', '-accel', 'tci']);
});

test('an own kernel goes without the page\'s initrd, unless an initrd comes with it', () => {
  const { kernel, initrd } = parseQemuArgs(applySettings(PAGE, { kernel: 'own/vmlinuz' })).options;
  expect([kernel, initrd]).toEqual(['own/vmlinuz', undefined]);
  expect(parseQemuArgs(applySettings(PAGE, { kernel: 'own/vmlinuz', initrd: 'own/cpio' })).options).toMatchObject({ kernel: 'own/vmlinuz', initrd: 'own/cpio' });
});

test('an own disk takes the place of the first drive, whatever its name', () => {
  const name = 'own/disk/a, b=c.img';
  expect(parseQemuArgs(applySettings(PAGE, { disk: name })).options.drives).toMatchObject([{ file: name, interface: 'virtio', snapshot: true }]);
  expect(parseQemuArgs(applySettings([...PAGE.slice(0, 3)], { disk: name })).options.drives).toMatchObject([{ file: name, interface: 'virtio' }]);
  const shorthand = ['-drive', 'old,,name.img,if=virtio,format=raw'];
  expect(parseQemuArgs(applySettings(shorthand, { disk: name })).options.drives).toMatchObject([{ file: name, interface: 'virtio' }]);
});

test('memory is read as QEMU reads it: a plain number is mebibytes, nothing is 128', () => {
  expect(['512M', '2G', '1048576k', '256', 'size=64M', undefined].map(memoryMiB)).toEqual([512, 2048, 1024, 256, 64, 128]);
});

test('a command line is split as a shell does, and what is shown can be split again', () => {
  expect(splitCommandLine(`-append 'console=ttyS0 root=/dev/vda' -name "a \\"b\\"" c\\ d ''`)).toEqual(['-append', 'console=ttyS0 root=/dev/vda', '-name', 'a "b"', 'c d', '']);
  const argv = ['-append', "it's 100 %", '-drive', 'file=a b', '-m', '512M', '$HOME `x` "y" \\', ''];
  expect(splitCommandLine(commandLine(argv)).slice(1)).toEqual(argv);
});

test('the last option of a name counts', () => {
  expect(optionValue(['-m', '1G', '--m', '2G'], 'm')).toBe('2G');
  expect(optionValue(['-m', '1G'], 'append')).toBeUndefined();
});
