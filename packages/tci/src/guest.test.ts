import { Exit, HDR, MemOp, memOpOf, mmuIdxOf, Op, OP_NAMES, Type } from '@emu/tcg';
import type { Ir } from '@emu/tcg';
import { PhysMap, Prot, SoftMmu } from '@emu/softmmu';
import { TLB_LAYOUT, type Arena, type HostPtr } from '@emu/vaddr';
import { expect, test } from 'vitest';
import { Tci, type GuestMemory } from './index.ts';
import { Rig } from './rig.ts';

const ENTRY = TLB_LAYOUT[64];
const PAGE = 4096;
const TABLE = 32;
const SLOTS = 16;
const INVALID = 0x800;

/** A TLB of 16 entries laid out by hand, RAM behind it, and a slow path that logs what it is asked and serves a device that counts. */
class HandMadeMemory implements GuestMemory {
  readonly log: string[] = [];
  readonly vaddrBits = 64;
  /** What the device returns; 16 bytes. A fault is raised while this is undefined. */
  device: Uint8Array | undefined = Uint8Array.from({ length: 16 }, (_, i) => 0x81 + i);
  stored: number[] = [];
  readonly ram: HostPtr;
  readonly #arena: Arena;
  readonly #tlbs: HostPtr[];
  #rig!: Rig;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.ram = arena.alloc(8 * PAGE, PAGE);
    this.#tlbs = [0, 1].map(() => arena.alloc(TABLE + SLOTS * ENTRY.size, 64));
    for (const tlb of this.#tlbs) {
      arena.u32[tlb >>> 2] = (SLOTS - 1) * ENTRY.size;
      arena.u8.fill(0xff, tlb + TABLE, tlb + TABLE + SLOTS * ENTRY.size);
    }
  }

  attach(rig: Rig): void {
    this.#rig = rig;
  }

  descriptor(mmu: number): HostPtr {
    return this.#tlbs[mmu]!;
  }

  /** Maps a page at `va` to page `n` of the RAM. */
  map(mmu: number, va: bigint, n: number, access = 'rw'): void {
    const entry = this.#tlbs[mmu]! + TABLE + Number((va >> 12n) % BigInt(SLOTS)) * ENTRY.size;
    const { view } = this.#arena;
    view.setBigUint64(entry + ENTRY.read, access.includes('r') ? va : va | BigInt(INVALID), true);
    view.setBigUint64(entry + ENTRY.write, access.includes('w') ? va : va | BigInt(INVALID), true);
    view.setInt32(entry + ENTRY.addend, this.ram + n * PAGE - Number(BigInt.asIntN(32, va)), true);
  }

  #note(what: string, lo: number, hi: number, oi: number): void {
    const address = ((BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)).toString(16);
    this.log.push(`${what} ${address} size ${1 << (memOpOf(oi) & MemOp.SIZE)} mmu ${mmuIdxOf(oi)}${memOpOf(oi) & MemOp.RMW ? ' rmw' : ''}`);
    if (!this.device) this.#rig.header.fault = 1;
  }

  readonly slowLoad = (oi: number, lo: number, hi: number): number => {
    this.#note('load', lo, hi, oi);
    if (!this.device) return 0;
    const size = memOpOf(oi) & MemOp.SIZE, view = new DataView(this.device.buffer);
    this.#rig.header.retHi = view.getInt32(4, true);
    if (size === MemOp.b128) this.#arena.u8.set(this.device, this.#rig.headerAt + HDR.mailbox);
    return view.getInt32(0, true);
  };

  readonly slowStore = (oi: number, lo: number, hi: number, valueLo: number, valueHi: number): void => {
    this.#note('store', lo, hi, oi);
    const size = 1 << (memOpOf(oi) & MemOp.SIZE), at = this.#rig.headerAt + HDR.mailbox;
    const bytes = size === 16 ? this.#arena.u8.slice(at, at + 16) : new Uint8Array(Int32Array.of(valueLo, valueHi).buffer);
    this.stored = [...bytes.slice(0, size)];
  };
}

function makeRig(): { rig: Rig; memory: HandMadeMemory } {
  let memory!: HandMadeMemory;
  const rig = new Rig((parts) => new Tci({ ...parts, memory: (memory = new HandMadeMemory(parts.arena)), codeBytes: 1 << 20 }));
  memory.attach(rig);
  return { rig, memory };
}

const KERNEL = 0xffffffff80000000n;
/** Runs one TB: `l0` holds the address. */
function run(rig: Rig, address: bigint, emit: (ir: Ir, addr: number) => void): number {
  rig.backend.flush();
  rig.header.fault = 0;
  rig.write(Type.i64, 0, address);
  return rig.run(rig.tb((ir) => {
    ir.insn_start(0);
    ir.insn_start(1);
    emit(ir, rig.global(Type.i64, 0));
    ir.exit_tb(0);
  }));
}
const loadTo = (rig: Rig, type: Type, memop: number, mmu = 0) => (ir: Ir, addr: number): void => ir.set(rig.global(type, 1), ir.qemu_ld(type, addr, memop, mmu));

test('loads of each size and sign read RAM through the TLB', () => {
  const { rig, memory } = makeRig();
  memory.map(0, KERNEL, 1);
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => 0xf0 - i);
  rig.arena.u8.set(bytes, memory.ram + PAGE + 0x123);
  const view = new DataView(bytes.buffer);
  const read = (type: Type, memop: number): unknown => {
    expect(run(rig, KERNEL + 0x123n, loadTo(rig, type, memop))).toBe(Exit.TB);
    return rig.read(type, 1);
  };
  for (const type of [Type.i32, Type.i64] as const) {
    const wrap = (n: number | bigint): bigint => BigInt.asUintN(type === Type.i32 ? 32 : 64, BigInt(n));
    expect([MemOp.b8, MemOp.b16, MemOp.b32].map((m) => read(type, m))).toEqual([0xf0n, 0xeff0n, 0xedeeeff0n]);
    expect([MemOp.b8, MemOp.b16].map((m) => read(type, m | MemOp.SIGN))).toEqual([wrap(view.getInt8(0)), wrap(view.getInt16(0, true))]);
  }
  expect(read(Type.i64, MemOp.b32 | MemOp.SIGN)).toBe(0xffffffffedeeeff0n);
  expect(read(Type.i64, MemOp.b64)).toBe(view.getBigUint64(0, true));
  expect(read(Type.v128, MemOp.b128)).toEqual(bytes);
  expect(memory.log).toEqual([]);
});

test('stores of each size write RAM through the TLB and nothing beside it', () => {
  const { rig, memory } = makeRig();
  memory.map(0, KERNEL, 1);
  const at = memory.ram + PAGE + 0x40;
  rig.write(Type.i32, 2, 0x84838281n);
  rig.write(Type.i64, 2, 0x8887868584838281n);
  rig.write(Type.v128, 2, Uint8Array.from({ length: 16 }, (_, i) => 0x81 + i));
  for (const [type, sizes] of [[Type.i32, [0, 1, 2]], [Type.i64, [0, 1, 2, 3]], [Type.v128, [4]]] as const) {
    for (const size of sizes) {
      rig.arena.u8.fill(0x11, at, at + 32);
      run(rig, KERNEL + 0x48n, (ir, addr) => ir.qemu_st(rig.global(type, 2), addr, size, 0));
      const expected = new Uint8Array(32).fill(0x11);
      for (let i = 0; i < 1 << size; i++) expected[8 + i] = 0x81 + i;
      expect(rig.arena.u8.slice(at, at + 32)).toEqual(expected);
    }
  }
  expect(memory.log).toEqual([]);
});

test('0x80000000 and 0xffffffff80000000 are different pages', () => {
  const { rig, memory } = makeRig();
  memory.map(0, KERNEL, 1);
  run(rig, 0x80000000n, loadTo(rig, Type.i64, MemOp.b64));
  expect(memory.log).toEqual(['load 80000000 size 8 mmu 0']);
  memory.map(0, 0x80000000n, 2);
  run(rig, KERNEL, loadTo(rig, Type.i64, MemOp.b64));
  expect(memory.log[1]).toBe('load ffffffff80000000 size 8 mmu 0');
});

test('each mmu index has its own TLB', () => {
  const { rig, memory } = makeRig();
  memory.map(1, KERNEL, 3);
  rig.arena.u8[memory.ram + 3 * PAGE] = 0x77;
  run(rig, KERNEL, loadTo(rig, Type.i32, MemOp.b8, 1));
  expect(rig.read(Type.i32, 1)).toBe(0x77n);
  run(rig, KERNEL, loadTo(rig, Type.i32, MemOp.b8, 0));
  expect(memory.log).toEqual(['load ffffffff80000000 size 1 mmu 0']);
});

test('an access that crosses a page, is misaligned where that counts, or lacks permission takes the slow path', () => {
  const { rig, memory } = makeRig();
  memory.map(0, KERNEL, 1);
  memory.map(0, KERNEL + 0x1000n, 2, 'r');
  run(rig, KERNEL + 0xff8n, loadTo(rig, Type.i64, MemOp.b64));
  run(rig, KERNEL + 0x7n, loadTo(rig, Type.i64, MemOp.b64));
  expect(memory.log).toEqual([]);
  run(rig, KERNEL + 0xff9n, loadTo(rig, Type.i64, MemOp.b64));
  run(rig, KERNEL + 0x7n, loadTo(rig, Type.i64, MemOp.b64 | MemOp.ALIGN));
  run(rig, KERNEL + 0x1000n, loadTo(rig, Type.i64, MemOp.b64 | MemOp.RMW));
  run(rig, KERNEL + 0x1000n, (ir, addr) => ir.qemu_st(rig.global(Type.i32, 2), addr, MemOp.b16, 0));
  expect(memory.log).toEqual([
    'load ffffffff80000ff9 size 8 mmu 0', 'load ffffffff80000007 size 8 mmu 0', 'load ffffffff80001000 size 8 mmu 0 rmw', 'store ffffffff80001000 size 2 mmu 0',
  ]);
});

test('the slow path passes values of each size and sign through the mailbox', () => {
  const { rig, memory } = makeRig();
  const read = (type: Type, memop: number): unknown => {
    run(rig, 0x1000n, loadTo(rig, type, memop));
    return rig.read(type, 1);
  };
  expect([read(Type.i32, MemOp.b8), read(Type.i32, MemOp.b8 | MemOp.SIGN), read(Type.i64, MemOp.b16 | MemOp.SIGN)]).toEqual([0x81n, 0xffffff81n, 0xffffffffffff8281n]);
  expect(read(Type.i64, MemOp.b64)).toBe(0x8887868584838281n);
  expect(read(Type.v128, MemOp.b128)).toEqual(memory.device);
  rig.write(Type.i64, 2, 0x1122334455667788n);
  run(rig, 0x1000n, (ir, addr) => ir.qemu_st(rig.global(Type.i64, 2), addr, MemOp.b32, 0));
  expect(memory.stored).toEqual([0x88, 0x77, 0x66, 0x55]);
  run(rig, 0x1000n, (ir, addr) => ir.qemu_st(rig.global(Type.i64, 2), addr, MemOp.b64, 0));
  expect(memory.stored).toEqual([0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]);
  rig.write(Type.v128, 2, Uint8Array.from({ length: 16 }, (_, i) => i));
  run(rig, 0x1000n, (ir, addr) => ir.qemu_st(rig.global(Type.v128, 2), addr, MemOp.b128, 0));
  expect(memory.stored).toEqual(Array.from({ length: 16 }, (_, i) => i));
});

test('a guest fault leaves with the instruction, and the destination keeps its value', () => {
  const { rig, memory } = makeRig();
  memory.device = undefined;
  for (const emit of [
    loadTo(rig, Type.i64, MemOp.b64),
    (ir: Ir, addr: number): void => ir.qemu_st(rig.global(Type.i64, 1), addr, MemOp.b8, 0),
    (ir: Ir, addr: number): void => ir.set(rig.global(Type.i64, 1), ir.atomic_fetch_add(addr, rig.global(Type.i64, 1), MemOp.b32, 0)),
  ]) {
    rig.write(Type.i64, 1, 99n);
    expect(run(rig, 0x5000n, emit)).toBe(Exit.FAULT);
    expect([rig.read(Type.i64, 1), rig.header.faultInsn]).toEqual([99n, 1]);
  }
});

const ATOMIC_RESULTS = {
  atomic_xchg: 0x2n, atomic_fetch_add: 0x82n, atomic_fetch_and: 0x0n, atomic_fetch_or: 0x82n, atomic_fetch_xor: 0x82n,
} as const;
type Simple = keyof typeof ATOMIC_RESULTS;

test.each(Object.keys(ATOMIC_RESULTS) as Simple[])('%s returns the old value and writes the new one, in RAM and in a device', (name) => {
  const { rig, memory } = makeRig();
  memory.map(0, KERNEL, 1);
  const at = memory.ram + PAGE + 8;
  for (const type of [Type.i32, Type.i64] as const) {
    const old = (memop: number): unknown => {
      rig.arena.u8.set([0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], at);
      rig.write(type, 2, 2n);
      run(rig, KERNEL + 8n, (ir, addr) => ir.set(rig.global(type, 1), ir[name](addr, rig.global(type, 2), memop, 0)));
      return rig.read(type, 1);
    };
    expect(old(MemOp.b8)).toBe(0x80n);
    expect([...rig.arena.u8.slice(at, at + 2)]).toEqual([Number(ATOMIC_RESULTS[name]), 0xff]);
    expect(old(MemOp.b8 | MemOp.SIGN)).toBe(type === Type.i32 ? 0xffffff80n : 0xffffffffffffff80n);
  }
  expect(memory.log).toEqual([]);
  memory.device = Uint8Array.from({ length: 16 }, (_, i) => (i ? 0xff : 0x80));
  run(rig, 0x1000n, (ir, addr) => ir.set(rig.global(Type.i64, 1), ir[name](addr, rig.global(Type.i64, 2), MemOp.b8, 0)));
  expect(memory.log).toEqual(['load 1000 size 1 mmu 0 rmw', 'store 1000 size 1 mmu 0 rmw']);
  expect([rig.read(Type.i64, 1), memory.stored]).toEqual([0x80n, [Number(ATOMIC_RESULTS[name])]]);
});

test('atomic_cmpxchg compares at the access size', () => {
  const { rig, memory } = makeRig();
  memory.map(0, KERNEL, 1);
  const at = memory.ram + PAGE;
  const exchange = (type: Type, memop: number, expected: bigint): unknown => {
    rig.arena.view.setBigUint64(at, 0x1122334455667788n, true);
    rig.write(type, 2, expected);
    rig.write(type, 3, 0xaan);
    run(rig, KERNEL, (ir, addr) => ir.set(rig.global(type, 1), ir.atomic_cmpxchg(addr, rig.global(type, 2), rig.global(type, 3), memop, 0)));
    return [rig.read(type, 1), rig.arena.view.getBigUint64(at, true)];
  };
  expect(exchange(Type.i32, MemOp.b8, 0xffffff88n)).toEqual([0x88n, 0x11223344556677aan]);
  expect(exchange(Type.i32, MemOp.b8, 0x87n)).toEqual([0x88n, 0x1122334455667788n]);
  expect(exchange(Type.i32, MemOp.b32, 0x55667788n)).toEqual([0x55667788n, 0x11223344000000aan]);
  expect(exchange(Type.i64, MemOp.b32, 0xffffffff55667788n)).toEqual([0x55667788n, 0x11223344000000aan]);
  expect(exchange(Type.i64, MemOp.b64, 0x1122334455667788n)).toEqual([0x1122334455667788n, 0xaan]);
  expect(exchange(Type.i64, MemOp.b64, 0x55667788n)).toEqual([0x1122334455667788n, 0x1122334455667788n]);
});

test('a memory op that the type does not have is refused', () => {
  const { rig } = makeRig();
  expect(() => run(rig, 0n, loadTo(rig, Type.i32, MemOp.b64))).toThrow(/qemu_ld of type i32 has no memory op 0x3/);
  expect(() => run(rig, 0n, loadTo(rig, Type.v128, MemOp.b32))).toThrow(/type v128 has no memory op 0x2/);
  expect(OP_NAMES[Op.qemu_ld]).toBe('qemu_ld');
});

test.each([32, 64] as const)('a guest with 32-bit addresses runs over TLB entries of %i bits', (vaddrBits) => {
  let fills = 0;
  const rig = new Rig(({ arena, header, ...parts }) => {
    const map = new PhysMap(arena), ram = arena.alloc(2 * PAGE, PAGE);
    map.addRam('ram', 0, 2 * PAGE, ram);
    arena.u8[ram + PAGE + 5] = 0x42;
    const memory = new SoftMmu(arena, map, {
      vaddrBits, mmuModes: 1, fault: { flag: header + HDR.fault, retHi: header + HDR.retHi, mailbox: header + HDR.mailbox },
      walk: (lo, _hi, _access, _mmuIdx, result) => {
        fills++;
        Object.assign(result, { phys: lo & PAGE, prot: Prot.READ | Prot.WRITE, pageBits: 12, global: false });
        return true;
      },
      onCodeWrite: () => false, onFlush: () => {},
    });
    return new Tci({ arena, header, ...parts, memory, codeBytes: 1 << 20 });
  });
  for (let turn = 0; turn < 3; turn++) {
    expect(run(rig, 0xfffff005n, loadTo(rig, Type.i64, MemOp.b8))).toBe(Exit.TB);
    expect(rig.read(Type.i64, 1)).toBe(0x42n);
  }
  expect(fills).toBe(1);
});
