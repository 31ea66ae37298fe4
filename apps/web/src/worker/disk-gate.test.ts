import { MemoryBlock, type BlockBackend } from '@emu/devices';
import { expect, test } from 'vitest';
import type { DiskProblem } from '../protocol.ts';
import { Decisions, gateDisk } from './disk-gate.ts';

/** A disk whose reads fail with these reasons, one after the other, and then work. */
function failing(...reasons: string[]): BlockBackend {
  const disk = new MemoryBlock(Uint8Array.from({ length: 1024 }, (_, i) => i & 0xff));
  return Object.assign(Object.create(disk) as BlockBackend, {
    size: disk.size, readonly: true, readSync: undefined,
    async read(offset: number, into: Uint8Array) {
      const reason = reasons.shift();
      if (reason) throw Object.assign(new Error(`${reason}!`), { reason });
      await disk.read(offset, into);
    },
    write: disk.write.bind(disk), flush: disk.flush.bind(disk), discard: disk.discard.bind(disk), writeZeroes: disk.writeZeroes.bind(disk), close: disk.close.bind(disk),
  });
}

function gated(...reasons: string[]) {
  const decisions = new Decisions();
  const problems: DiskProblem[] = [];
  return { decisions, problems, disk: gateDisk(failing(...reasons), { drive: 'virtio0', decisions, onProblem: (problem) => problems.push(problem) }) };
}

const settled = (promise: Promise<unknown>): Promise<string> => Promise.race([
  promise.then(() => 'done', () => 'failed'), new Promise<string>((resolve) => setTimeout(resolve, 20, 'waiting')),
]);

test('a read that the network failed waits, and is made again when told so', async () => {
  const { disk, decisions, problems } = gated('network', 'network');
  const into = new Uint8Array(4);
  const read = disk.read(8, into);
  expect(await settled(read)).toBe('waiting');
  decisions.decide('retry');
  expect(await settled(read)).toBe('waiting');
  decisions.decide('retry');
  await read;
  expect([...into]).toEqual([8, 9, 10, 11]);
  expect(problems).toEqual(Array(2).fill({ drive: 'virtio0', reason: 'network', message: 'network!', waiting: true }));
});

test('a waiting read fails when told so, and at the end of the machine', async () => {
  const { disk, decisions } = gated('network', 'network', 'network');
  const first = disk.read(0, new Uint8Array(4));
  expect(await settled(first)).toBe('waiting');
  decisions.decide('fail');
  await expect(first).rejects.toThrow('network!');
  const second = disk.read(0, new Uint8Array(4));
  expect(await settled(second)).toBe('waiting');
  decisions.close();
  await expect(second).rejects.toThrow('network!');
  await expect(disk.read(0, new Uint8Array(4))).rejects.toThrow('network!'); // and nothing waits after that
});

test('wrong contents fail at once and are reported; a pack that is being closed is not news', async () => {
  const { disk, problems } = gated('corrupt', 'closed');
  await expect(disk.read(0, new Uint8Array(4))).rejects.toThrow('corrupt!');
  expect(problems).toEqual([{ drive: 'virtio0', reason: 'corrupt', message: 'corrupt!', waiting: false }]);
  await expect(disk.read(0, new Uint8Array(4))).rejects.toThrow('closed!');
  expect(problems).toHaveLength(1);
});
