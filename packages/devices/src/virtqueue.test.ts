import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RamMock } from './testing/ram-mock.ts';
import { initialVirtqueue, Virtqueue, VIRTIO_RING_F, VIRTQ_DESC_F, type VirtqueueOwner } from './virtqueue.ts';

const { NEXT, WRITE, INDIRECT } = VIRTQ_DESC_F;
const DESC = 0x1000;
const AVAIL = 0x2000;
const USED = 0x3000;
const DATA = 0x8000;
const TABLE = 0x7000;

class Owner implements VirtqueueOwner {
  readonly memory = new RamMock(0x1_0000);
  readonly state = { ...initialVirtqueue(8), enabled: true, descLo: DESC, driverLo: AVAIL, deviceLo: USED };
  features: number = VIRTIO_RING_F.INDIRECT_DESC;
  readonly problems: string[] = [];

  queueState() { return this.state; }
  negotiated(feature: number) { return (this.features & feature) !== 0; }
  running() { return this.problems.length === 0; }
  broken(message: string) { this.problems.push(message); }

  desc(slot: number, addr: number, length: number, flags: number, next = 0, table = DESC) {
    const at = table + 16 * slot;
    this.memory.write32(at, addr % 2 ** 32);
    this.memory.write32(at + 4, Math.floor(addr / 2 ** 32));
    this.memory.write32(at + 8, length);
    this.memory.write16(at + 12, flags);
    this.memory.write16(at + 14, next);
  }

  offer(head: number) {
    const idx = this.memory.read16(AVAIL + 2);
    this.memory.write16(AVAIL + 4 + 2 * (idx % 8), head);
    this.memory.write16(AVAIL + 2, idx + 1);
  }
}

const make = () => {
  const owner = new Owner();
  return { owner, queue: new Virtqueue(owner, 0) };
};

test('a chain comes out as readable then writable segments, in order, and goes back with its length', () => {
  const { owner, queue } = make();
  owner.desc(3, DATA, 4, NEXT, 5);
  owner.desc(5, DATA + 100, 6, NEXT, 0);
  owner.desc(0, DATA + 200, 8, WRITE);
  owner.memory.write(DATA, Uint8Array.of(1, 2, 3, 4));
  owner.memory.write(DATA + 100, Uint8Array.of(5, 6, 7, 8, 9, 10));
  owner.offer(3);
  expect(queue.available).toBe(true);
  const chain = queue.pop()!;
  expect(queue.available).toBe(false);
  expect([chain.head, chain.readableBytes, chain.writableBytes]).toEqual([3, 10, 8]);
  const into = new Uint8Array(7);
  expect(chain.read(2, into)).toBe(7);
  expect([...into]).toEqual([3, 4, 5, 6, 7, 8, 9]);
  expect(chain.read(8, into)).toBe(2);
  expect(chain.write(6, Uint8Array.of(1, 2, 3))).toBe(2);
  expect([...owner.memory.bytes.subarray(DATA + 204, DATA + 209)]).toEqual([0, 0, 1, 2, 0]);
  queue.push(chain, 8);
  expect([owner.memory.read16(USED + 2), owner.memory.read32(USED + 4), owner.memory.read32(USED + 8)]).toEqual([1, 3, 8]);
  expect(queue.pop()).toBeUndefined();
});

test('views are the memory itself, and wrote reports what was filled through them', () => {
  const { owner, queue } = make();
  owner.desc(0, DATA, 4, WRITE | NEXT, 1);
  owner.desc(1, DATA + 100, 4, WRITE);
  owner.offer(0);
  const chain = queue.pop()!;
  const views = chain.writableViews(2, 4);
  expect(views.map((v) => v.length)).toEqual([2, 2]);
  views[1]!.fill(7);
  expect(owner.memory.read8(DATA + 101)).toBe(7);
  chain.wrote(2, 4);
  expect(owner.memory.writes).toEqual([[DATA + 2, 2], [DATA + 100, 2]]);
});

test('an indirect table may follow direct descriptors (2.7.5.3.2)', () => {
  const { owner, queue } = make();
  owner.desc(0, DATA, 16, NEXT, 1);
  owner.desc(1, TABLE, 32, INDIRECT);
  owner.desc(0, DATA + 32, 8, NEXT, 1, TABLE);
  owner.desc(1, DATA + 64, 8, WRITE, 0, TABLE);
  owner.offer(0);
  expect(queue.pop()).toMatchObject({ readable: [{ addr: DATA, length: 16 }, { addr: DATA + 32, length: 8 }], writableBytes: 8 });
});

test('an indirect table may be longer than the queue', () => {
  const { owner, queue } = make();
  owner.desc(0, TABLE, 16 * 100, INDIRECT);
  for (let i = 0; i < 100; i++) owner.desc(i, DATA + i, 1, i < 99 ? NEXT : 0, i + 1, TABLE);
  owner.offer(0);
  expect(queue.pop()!.readableBytes).toBe(100);
});

describe('hostile rings break the queue once, with a message, and never throw', () => {
  const cases: [string, RegExp, (owner: Owner) => void][] = [
    ['a loop', /loop/, (o) => { o.desc(0, DATA, 4, NEXT, 1); o.desc(1, DATA, 4, NEXT, 0); }],
    ['a chain to itself', /loop/, (o) => o.desc(0, DATA, 4, NEXT, 0)],
    ['a next outside the table', /descriptor 8 is outside/, (o) => o.desc(0, DATA, 4, NEXT, 8)],
    ['a readable descriptor after a writable one', /follows a writable/, (o) => { o.desc(0, DATA, 4, WRITE | NEXT, 1); o.desc(1, DATA, 4, 0); }],
    ['no bytes', /no bytes/, (o) => o.desc(0, DATA, 0, 0)],
    ['an address outside memory', /not in memory/, (o) => o.desc(0, 0xffff_f000, 4, 0)],
    ['an address of 64 bits', /not in memory/, (o) => o.desc(0, 2 ** 63, 4, 0)],
    ['a length over the end of memory', /not in memory/, (o) => o.desc(0, DATA, 0xffff_ffff, WRITE)],
    ['INDIRECT and NEXT', /INDIRECT and NEXT/, (o) => o.desc(0, TABLE, 16, INDIRECT | NEXT, 1)],
    ['an empty indirect table', /table of 0 bytes/, (o) => o.desc(0, TABLE, 0, INDIRECT)],
    ['a torn indirect table', /table of 24 bytes/, (o) => o.desc(0, TABLE, 24, INDIRECT)],
    ['an indirect table outside memory', /not in memory/, (o) => o.desc(0, 0xffff_0000, 16, INDIRECT)],
    ['nested indirect tables', /inside an indirect/, (o) => { o.desc(0, TABLE, 16, INDIRECT); o.desc(0, TABLE, 16, INDIRECT, 0, TABLE); }],
    ['a loop in an indirect table', /loop/, (o) => { o.desc(0, TABLE, 16, INDIRECT); o.desc(0, DATA, 4, NEXT, 0, TABLE); }],
    ['a next outside an indirect table', /outside a table of 1/, (o) => { o.desc(0, TABLE, 16, INDIRECT); o.desc(0, DATA, 4, NEXT, 1, TABLE); }],
    ['INDIRECT without the feature', /without VIRTIO_F_INDIRECT/, (o) => { o.features = 0; o.desc(0, TABLE, 16, INDIRECT); }],
  ];

  test.each(cases)('%s', (_name, message, arrange) => {
    const { owner, queue } = make();
    arrange(owner);
    owner.offer(0);
    expect(queue.pop()).toBeUndefined();
    expect(queue.pop()).toBeUndefined();
    expect(owner.problems).toEqual([expect.stringMatching(message)]);
  });

  test('more chains available than the queue has entries', () => {
    const { owner, queue } = make();
    owner.memory.write16(AVAIL + 2, 9);
    expect(queue.pop()).toBeUndefined();
    expect(owner.problems).toEqual(['queue 0: the driver made 9 chains available in a queue of 8']);
  });

  test('a head outside the table', () => {
    const { owner, queue } = make();
    owner.offer(200);
    expect(queue.pop()).toBeUndefined();
    expect(owner.problems).toHaveLength(1);
  });

  test('rings outside memory', () => {
    const { owner, queue } = make();
    owner.state.driverLo = 0xf000_0000;
    expect(queue.pop()).toBeUndefined();
    expect(owner.problems).toHaveLength(1);
  });

  test('any bytes in the rings end in a chain inside memory or a message, in bounded time', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 128, maxLength: 128 }), fc.array(fc.nat(9), { maxLength: 9 }), fc.boolean(), (bytes, heads, small) => {
      const { owner, queue } = make();
      owner.memory.write(DESC, bytes);
      if (small) {
        for (let i = 0; i < 8; i++) {
          owner.memory.write32(DESC + 16 * i, DESC + (bytes[16 * i]! & 0xf0));
          owner.memory.write32(DESC + 16 * i + 4, 0);
          owner.memory.write32(DESC + 16 * i + 8, bytes[16 * i + 8]! & 0x3f);
          owner.memory.write16(DESC + 16 * i + 12, bytes[16 * i + 12]! & 7);
          owner.memory.write16(DESC + 16 * i + 14, bytes[16 * i + 14]! & 7);
        }
      }
      for (const head of heads) owner.offer(head);
      for (let chain = queue.pop(); chain; chain = queue.pop()) {
        for (const { addr, length } of [...chain.readable, ...chain.writable]) expect(owner.memory.ranges(addr, length)).toBeDefined();
        queue.push(chain, 0);
      }
    }), { numRuns: 2000 });
  });
});

describe('interrupt suppression (2.7.7)', () => {
  const oneUsed = ({ owner, queue }: ReturnType<typeof make>) => {
    owner.desc(0, DATA, 4, 0);
    owner.offer(0);
    queue.push(queue.pop()!, 0);
    return queue.takeInterrupt();
  };

  test('VIRTQ_AVAIL_F_NO_INTERRUPT silences the queue', () => {
    const subject = make();
    expect(oneUsed(subject)).toBe(true);
    subject.owner.memory.write16(AVAIL, 1);
    expect(oneUsed(subject)).toBe(false);
  });

  test('with an event index, the interrupt comes when used_event is passed', () => {
    const subject = make();
    subject.owner.features |= VIRTIO_RING_F.EVENT_IDX;
    subject.owner.memory.write16(AVAIL + 4 + 16, 2);
    expect([oneUsed(subject), oneUsed(subject), oneUsed(subject), oneUsed(subject)]).toEqual([true, false, true, false]);
    expect(subject.owner.memory.read16(USED + 4 + 64)).toBe(4); // avail_event asks for the next notification
  });

  test('the event index works across the wrap of the 16-bit indices', () => {
    const subject = make();
    const { owner } = subject;
    owner.features |= VIRTIO_RING_F.EVENT_IDX;
    owner.state.usedIdx = owner.state.lastAvail = owner.state.signalledUsed = 0xfffe;
    owner.memory.write16(AVAIL + 2, 0xfffe);
    owner.memory.write16(AVAIL + 4 + 16, 0);
    expect([oneUsed(subject), oneUsed(subject), oneUsed(subject)]).toEqual([false, false, true]);
  });
});
