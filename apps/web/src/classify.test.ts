import { expect, test } from 'vitest';
import { classify } from './classify.ts';

/** A file's head with `text` at `offset`. */
const head = (offset: number, text: string, length = 4096): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (const [i, c] of [...text].entries()) bytes[offset + i] = c.charCodeAt(0);
  return bytes;
};

test('kernels, initrds and disks are told apart by their first bytes', () => {
  expect(classify(head(0x202, 'HdrS'), 'vmlinuz')).toEqual({ role: 'kernel' }); // Linux boot protocol, offset 0x202
  expect(classify(head(0, '\x7fELF'), 'vmlinux')).toEqual({ role: 'kernel' });
  expect(classify(head(0, '070701'), 'initrd')).toEqual({ role: 'initrd' }); // "newc" cpio
  expect(classify(head(0, '\x1f\x8b'), 'initrd.gz')).toEqual({ role: 'initrd' });
  expect(classify(head(0, '\x28\xb5\x2f\xfd'), 'initrd.zst')).toEqual({ role: 'initrd' });
  expect(classify(head(0x1fe, '\x55\xaa'), 'disk.img')).toEqual({ role: 'disk' }); // an MBR
});

test('images in other formats are refused with the command that converts them', () => {
  expect(classify(head(0, 'QFI\xfb'), 'a.qcow2')).toEqual({ problem: 'a.qcow2 is a qcow2 image; convert it: qemu-img convert -O raw a.qcow2 disk.img' });
  expect(classify(head(0x40, '\x7f\x10\xda\xbe'), 'a.vdi')).toEqual({ problem: expect.stringContaining('VDI') });
});

test('a file too short for anything is refused', () => {
  expect(classify(head(0, 'hello', 5), 'note.txt')).toEqual({ problem: expect.stringContaining('5 bytes') });
});
