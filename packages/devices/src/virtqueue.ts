/** Split virtqueues, the device's side (virtio 1.2, 2.7): descriptor table, available ring, used ring, indirect descriptors and
 *  event indices. Not modelled: packed virtqueues, VIRTIO_F_IN_ORDER, VIRTIO_F_NOTIFICATION_DATA.
 *
 *  Everything in the rings is written by the guest and may be hostile. What the specification forbids breaks the queue: the
 *  owner is told once, sets DEVICE_NEEDS_RESET, and nothing more is taken until the driver resets the device. */
import { bit } from './bits.ts';
import type { GuestMemory } from './guest-memory.ts';
import { hex } from './log.ts';
import { Chain, type Segment } from './virtqueue-chain.ts';

/** Descriptor flags (2.7.5). */
export const VIRTQ_DESC_F = { NEXT: bit(0), WRITE: bit(1), INDIRECT: bit(2) } as const;
/** `avail.flags` (2.7.6). */
export const VIRTQ_AVAIL_F_NO_INTERRUPT = bit(0);
/** Reserved feature bits that concern the rings (2.7, 6): masks in the low feature word. */
export const VIRTIO_RING_F = { INDIRECT_DESC: bit(28), EVENT_IDX: bit(29) } as const;

export const DESC_BYTES = 16;
/** Largest queue of the specification (2.7); also bounds the descriptors that an indirect table may chain. */
export const MAX_QUEUE_SIZE = 32768;
const MAX_CHAIN = 1024;

/** What the guest can see or cause of one queue. Addresses are two words, because a driver may write any 64 bits. */
export interface VirtqueueState {
  /** Entries, a power of two. */
  size: number;
  enabled: boolean;
  descLo: number;
  descHi: number;
  /** Available ring: written by the driver. */
  driverLo: number;
  driverHi: number;
  /** Used ring: written by the device. */
  deviceLo: number;
  deviceHi: number;
  /** The next `avail.idx` to take. */
  lastAvail: number;
  usedIdx: number;
  /** `usedIdx` at the last interrupt, -1 before the first (event index arithmetic). */
  signalledUsed: number;
}

export const initialVirtqueue = (size: number): VirtqueueState => ({
  size, enabled: false, descLo: 0, descHi: 0, driverLo: 0, driverHi: 0, deviceLo: 0, deviceHi: 0,
  lastAvail: 0, usedIdx: 0, signalledUsed: -1,
});

/** What a queue needs of the device that it belongs to. */
export interface VirtqueueOwner {
  readonly memory: GuestMemory;
  queueState(index: number): VirtqueueState;
  /** The driver agreed to these low feature bits. */
  negotiated(feature: number): boolean;
  /** Whether the queue may take anything: DRIVER_OK and not broken. */
  running(): boolean;
  /** The driver broke the rules; `running()` is false from now on. */
  broken(message: string): void;
}

const address = (lo: number, hi: number): number => hi * 0x1_0000_0000 + lo;

export class Virtqueue {
  readonly index: number;
  readonly #owner: VirtqueueOwner;

  constructor(owner: VirtqueueOwner, index: number) {
    this.#owner = owner;
    this.index = index;
  }

  get state(): VirtqueueState {
    return this.#owner.queueState(this.index);
  }

  /** Whether `pop` would find a chain, or an error. */
  get available(): boolean {
    const { state } = this;
    return this.#usable(state) && this.#owner.memory.read16(this.#avail(state) + 2) !== state.lastAvail;
  }

  /** Takes the next available chain. `undefined` when there is none, the queue is not running, or the driver broke the rules. */
  pop(): Chain | undefined {
    const { state } = this;
    if (!this.#usable(state)) return undefined;
    const { memory } = this.#owner;
    const avail = this.#avail(state);
    const waiting = (memory.read16(avail + 2) - state.lastAvail) & 0xffff;
    if (waiting === 0) return undefined;
    if (waiting > state.size) return this.#broken(`the driver made ${waiting} chains available in a queue of ${state.size}`);
    const head = memory.read16(avail + 4 + 2 * (state.lastAvail % state.size));
    const chain = this.chain(head);
    if (!chain) return undefined;
    state.lastAvail = (state.lastAvail + 1) & 0xffff;
    if (this.#owner.negotiated(VIRTIO_RING_F.EVENT_IDX)) {
      memory.write16(this.#used(state) + 4 + 8 * state.size, state.lastAvail);
    }
    return chain;
  }

  /** Reads the chain that starts at descriptor `head`, without taking it: also how a restored device finds its requests again. */
  chain(head: number): Chain | undefined {
    const { state } = this;
    const { memory } = this.#owner;
    const readable: Segment[] = [];
    const writable: Segment[] = [];
    let table = address(state.descLo, state.descHi);
    let entries = state.size;
    let indirect = false;
    let index = head;
    for (let seen = 0; ; seen++) {
      if (index >= entries) return this.#broken(`descriptor ${index} is outside a table of ${entries}`);
      if (seen >= Math.min(entries, MAX_CHAIN) && seen > 0) return this.#broken(`the chain at descriptor ${head} is a loop or too long`);
      const desc = table + DESC_BYTES * index;
      const addr = address(memory.read32(desc), memory.read32(desc + 4));
      const length = memory.read32(desc + 8);
      const flags = memory.read16(desc + 12);
      if (flags & VIRTQ_DESC_F.INDIRECT) {
        if (!this.#owner.negotiated(VIRTIO_RING_F.INDIRECT_DESC)) return this.#broken('an indirect descriptor without VIRTIO_F_INDIRECT_DESC');
        if (indirect) return this.#broken('an indirect descriptor inside an indirect table');
        if (flags & VIRTQ_DESC_F.NEXT) return this.#broken('a descriptor is INDIRECT and NEXT at once');
        if (length === 0 || length % DESC_BYTES !== 0) return this.#broken(`an indirect table of ${length} bytes`);
        if (!memory.ranges(addr, length)) return this.#broken(`an indirect table at ${hex(addr)} is not in memory`);
        [table, entries, indirect, index, seen] = [addr, length / DESC_BYTES, true, 0, -1];
        continue;
      }
      const isWritable = (flags & VIRTQ_DESC_F.WRITE) !== 0;
      if (!isWritable && writable.length > 0) return this.#broken(`the readable descriptor ${index} follows a writable one`);
      if (length === 0) return this.#broken(`descriptor ${index} has no bytes`);
      if (!memory.ranges(addr, length)) return this.#broken(`descriptor ${index}: ${length} bytes at ${hex(addr)} are not in memory`);
      (isWritable ? writable : readable).push({ addr, length });
      if (readable.length + writable.length > MAX_CHAIN) return this.#broken(`the chain at descriptor ${head} is longer than ${MAX_CHAIN}`);
      if (!(flags & VIRTQ_DESC_F.NEXT)) return new Chain(memory, head, readable, writable);
      index = memory.read16(desc + 14);
    }
  }

  /** Puts back the chain that `pop` took last. */
  unpop(): void {
    this.state.lastAvail = (this.state.lastAvail - 1) & 0xffff;
  }

  /** Returns a chain to the driver; `writtenBytes` is how much of its writable part the device filled. */
  push(chain: Chain, writtenBytes: number): void {
    const { state } = this;
    const { memory } = this.#owner;
    const used = this.#used(state);
    const element = used + 4 + 8 * (state.usedIdx % state.size);
    memory.write32(element, chain.head);
    memory.write32(element + 4, writtenBytes);
    state.usedIdx = (state.usedIdx + 1) & 0xffff;
    memory.write16(used + 2, state.usedIdx);
  }

  /** Whether the driver wants an interrupt for what was pushed since the last one (2.7.7); counts as having sent it. */
  takeInterrupt(): boolean {
    const { state } = this;
    const { memory } = this.#owner;
    const avail = this.#avail(state);
    if (!this.#owner.negotiated(VIRTIO_RING_F.EVENT_IDX)) return (memory.read16(avail) & VIRTQ_AVAIL_F_NO_INTERRUPT) === 0;
    const before = state.signalledUsed;
    state.signalledUsed = state.usedIdx;
    if (before < 0) return true;
    const usedEvent = memory.read16(avail + 4 + 2 * state.size);
    return ((state.usedIdx - usedEvent - 1) & 0xffff) < ((state.usedIdx - before) & 0xffff);
  }

  #usable(state: VirtqueueState): boolean {
    return state.enabled && this.#owner.running();
  }

  #avail(state: VirtqueueState): number {
    return address(state.driverLo, state.driverHi);
  }

  #used(state: VirtqueueState): number {
    return address(state.deviceLo, state.deviceHi);
  }

  #broken(message: string): undefined {
    this.#owner.broken(`queue ${this.index}: ${message}`);
    return undefined;
  }
}
