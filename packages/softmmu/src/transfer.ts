/**
 * Moves values between guest memory or devices and generated code. A result's low half is returned, its high half goes to the `retHi` word; both are
 * extended to 64 bits as the memop says. 16 bytes pass through the mailbox. Little-endian.
 */
import type { Arena, HostPtr } from '@emu/vaddr';
import { MemOp } from './memop.ts';
import type { PhysMap } from './phys-map.ts';

export class Transfer {
  readonly #map: PhysMap;
  readonly #i32: Int32Array;
  readonly #u8: Uint8Array;
  readonly #view: DataView;
  readonly #retHi: number;
  readonly #mailbox: HostPtr;

  constructor(arena: Arena, map: PhysMap, retHi: HostPtr, mailbox: HostPtr) {
    this.#map = map;
    this.#i32 = arena.i32;
    this.#u8 = arena.u8;
    this.#view = arena.view;
    this.#retHi = retHi >>> 2;
    this.#mailbox = mailbox;
  }

  /** High half of the last result. */
  get hi(): number {
    return this.#i32[this.#retHi]!;
  }

  loadHost(host: HostPtr, op: number): number {
    const view = this.#view;
    switch (op & (MemOp.SIZE | MemOp.SIGN)) {
      case MemOp.b8: return this.#extended(this.#u8[host]!, op);
      case MemOp.b8 | MemOp.SIGN: return this.#extended(view.getInt8(host), op);
      case MemOp.b16: return this.#extended(view.getUint16(host, true), op);
      case MemOp.b16 | MemOp.SIGN: return this.#extended(view.getInt16(host, true), op);
      case MemOp.b32: case MemOp.b32 | MemOp.SIGN: return this.#extended(view.getInt32(host, true), op);
      case MemOp.b64: case MemOp.b64 | MemOp.SIGN:
        this.#i32[this.#retHi] = view.getInt32(host + 4, true);
        return view.getInt32(host, true);
      default:
        this.#u8.copyWithin(this.#mailbox, host, host + 16);
        return 0;
    }
  }

  storeHost(host: HostPtr, size: number, lo: number, hi: number): void {
    const view = this.#view;
    if (size === 1) this.#u8[host] = lo;
    else if (size === 2) view.setUint16(host, lo, true);
    else if (size === 4) view.setInt32(host, lo, true);
    else if (size === 8) {
      view.setInt32(host, lo, true);
      view.setInt32(host + 4, hi, true);
    } else this.#u8.copyWithin(host, this.#mailbox, this.#mailbox + 16);
  }

  /** Through the physical map: a device, a hole, or several regions. */
  loadIo(phys: number, op: number): number {
    const map = this.#map;
    switch (op & MemOp.SIZE) {
      case MemOp.b8: return this.#narrow(map.readPhys8(phys), op, 24);
      case MemOp.b16: return this.#narrow(map.readPhys16(phys), op, 16);
      case MemOp.b32: return this.#extended(map.readPhys32(phys) | 0, op);
      case MemOp.b64: return this.#pair(map, phys);
      default: {
        const words = this.#mailbox >>> 2;
        for (let i = 0; i < 4; i++) this.#i32[words + i] = map.readPhys32(phys + 4 * i);
        return 0;
      }
    }
  }

  storeIo(phys: number, size: number, lo: number, hi: number): void {
    const map = this.#map;
    if (size === 1) map.writePhys8(phys, lo);
    else if (size === 2) map.writePhys16(phys, lo);
    else if (size === 4) map.writePhys32(phys, lo);
    else if (size === 8) map.writePhys64(phys, lo, hi);
    else {
      const words = this.#mailbox >>> 2;
      for (let i = 0; i < 4; i++) map.writePhys32(phys + 4 * i, this.#i32[words + i]!);
    }
  }

  /** The result from its bytes, when they came from two pages. */
  loadBytes(bytes: DataView, op: number): number {
    switch (op & MemOp.SIZE) {
      case MemOp.b16: return this.#narrow(bytes.getUint16(0, true), op, 16);
      case MemOp.b32: return this.#extended(bytes.getInt32(0, true), op);
      case MemOp.b64:
        this.#i32[this.#retHi] = bytes.getInt32(4, true);
        return bytes.getInt32(0, true);
      default:
        for (let i = 0; i < 4; i++) this.#i32[(this.#mailbox >>> 2) + i] = bytes.getInt32(4 * i, true);
        return 0;
    }
  }

  /** The bytes of a value to be stored. */
  storeBytes(bytes: DataView, size: number, lo: number, hi: number): void {
    if (size < 16) {
      bytes.setInt32(0, lo, true);
      bytes.setInt32(4, hi, true);
    } else for (let i = 0; i < 4; i++) bytes.setInt32(4 * i, this.#i32[(this.#mailbox >>> 2) + i]!, true);
  }

  #extended(value: number, op: number): number {
    this.#i32[this.#retHi] = op & MemOp.SIGN ? value >> 31 : 0;
    return value;
  }

  #narrow(value: number, op: number, spareBits: number): number {
    return this.#extended(op & MemOp.SIGN ? (value << spareBits) >> spareBits : value, op);
  }

  #pair(map: PhysMap, phys: number): number {
    const lo = map.readPhys64(phys);
    this.#i32[this.#retHi] = map.hi;
    return lo;
  }
}
