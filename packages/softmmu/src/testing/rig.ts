/** A memory system without a CPU, for tests: an arena with some RAM at physical 0, naive page tables, and a SoftMmu over them. */
import { Arena, type HostPtr, type VaddrBits } from '@emu/vaddr';
import type { Access } from '../memop.ts';
import { PhysMap } from '../phys-map.ts';
import type { SoftMmuOptions } from '../options.ts';
import { SoftMmu } from '../soft-mmu.ts';
import { accessModule, type AccessModule } from './access-module.ts';
import { NaiveMmu } from './naive-mmu.ts';

export interface RigOptions extends Partial<Omit<SoftMmuOptions, 'fault'>> {
  /** Bytes of RAM at physical 0, default 1 MiB. */
  readonly ramBytes?: number;
  readonly vaddrBits?: VaddrBits;
}

export interface Rig {
  readonly arena: Arena;
  readonly map: PhysMap;
  readonly mmu: SoftMmu;
  /** Page tables; its walk is the SoftMmu's unless the options have one. */
  readonly naive: NaiveMmu;
  /** Compiled loads and stores through mmu index 0; compiled at first use. */
  readonly code: AccessModule;
  readonly ram: HostPtr;
  /** Whether a guest fault was flagged since the last call. */
  faulted(): boolean;
  readonly mailbox: HostPtr;
  readonly retHi: HostPtr;
  /** What was announced: code writes as [host address, bytes], misalignments, flushes as [lo, hi, bits]. */
  readonly codeWrites: [number, number][];
  readonly misaligned: [number, number, Access][];
  readonly flushes: [number, number, number][];
}

const OVERHEAD = 8 * 2 ** 20;

export function makeRig(options: RigOptions = {}): Rig {
  const { ramBytes = 2 ** 20, vaddrBits = 64, mmuModes = 1 } = options;
  const arena = new Arena(ramBytes + OVERHEAD * mmuModes);
  const map = new PhysMap(arena);
  const header = arena.alloc(64);
  const fault = { flag: header, retHi: header + 4, mailbox: header + 16 };
  const ram = arena.alloc(ramBytes, 4096);
  map.addRam('ram', 0, ramBytes, ram);
  const naive = new NaiveMmu(map, vaddrBits, mmuModes);
  const codeWrites: [number, number][] = [], misaligned: [number, number, Access][] = [], flushes: [number, number, number][] = [];
  const mmu = new SoftMmu(arena, map, {
    vaddrBits, mmuModes, walk: naive.walk,
    onCodeWrite: (host, len) => (codeWrites.push([host, len]), false),
    onFlush: (lo, hi, bits) => flushes.push([lo, hi, bits]),
    alignmentFault: (lo, hi, access) => misaligned.push([lo, hi, access]),
    raise: () => { throw new GuestFault(); },
    ...options, fault,
  });
  let code: AccessModule | undefined;
  return {
    arena, map, mmu, naive, ram, codeWrites, misaligned, flushes, retHi: fault.retHi, mailbox: fault.mailbox,
    get code() { return (code ??= accessModule(arena, mmu, fault.mailbox, fault.retHi)); },
    faulted: () => {
      const set = arena.i32[fault.flag >>> 2] !== 0;
      arena.i32[fault.flag >>> 2] = 0;
      return set;
    },
  };
}

/** What a rig's typed accesses throw after a guest fault. */
export class GuestFault extends Error {}
