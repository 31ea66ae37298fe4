/** A SoftMmu over a few pages of RAM at guest address 0, one of them missing: what tests of back ends access. */
import type { Arena, HostPtr } from '@emu/vaddr';
import { Prot } from '../options.ts';
import { PhysMap } from '../phys-map.ts';
import { SoftMmu } from '../soft-mmu.ts';

const PAGE = 4096;

export interface FlatMemoryOptions {
  readonly arena: Arena;
  /** Where the RAM is in the arena, its pages, and which of these faults. */
  readonly ram: HostPtr;
  readonly pages: number;
  readonly hole: number;
  /** Addresses that a fault and a 64-bit result are reported at. */
  readonly report: { readonly flag: HostPtr; readonly retHi: HostPtr; readonly mailbox: HostPtr };
  /** Physical page of a virtual one (default: the same). */
  readonly pageOf?: (page: number) => number;
  /** A misaligned access where alignment was asked for. */
  readonly alignmentFault: () => void;
}

export function flatMemory({ arena, ram, pages, hole, report, pageOf = (page) => page, alignmentFault }: FlatMemoryOptions): SoftMmu {
  const map = new PhysMap(arena);
  map.addRam('ram', 0, pages * PAGE, ram);
  return new SoftMmu(arena, map, {
    vaddrBits: 64, mmuModes: 1, fault: report, alignmentFault, onCodeWrite: () => false, onFlush: () => {},
    walk: (lo, hi, _access, _mmuIdx, result) => {
      const page = Math.floor((lo >>> 0) / PAGE);
      if (hi !== 0 || page >= pages || page === hole) return false;
      Object.assign(result, { phys: pageOf(page) * PAGE, prot: Prot.READ | Prot.WRITE, pageBits: 12, global: false });
      return true;
    },
  });
}
