/**
 * What a TLB looks like in linear memory, as generated code and the slow path share it: a descriptor, and right behind it the table of
 * entries (`TLB_LAYOUT` of `@emu/vaddr`). Because the table's place follows from the descriptor's, a probe loads the mask only.
 * Not modelled: big-endian pages (the IR swaps bytes instead).
 */
import { struct } from '@emu/vaddr';

/**
 * Bits of a comparator below the page address that send an access to the slow path. They lie above the bits that the alignment check of
 * a probe keeps (16 bytes at most), so none of them can be matched by an address.
 */
export const TlbFlag = {
  /** Nothing here. An unused comparator is all ones. */
  INVALID: 0x800,
  /** A write must first look for translated code in the page, and mark the page dirty. */
  NOTDIRTY: 0x400,
  /** Not memory: a device, a hole, the write side of a ROM, or a page of several of them. */
  MMIO: 0x200,
  /** A watchpoint lies in the page. */
  WATCH: 0x100,
} as const;

export const PAGE_SIZE = 0x1000;
export const PAGE_MASK = -PAGE_SIZE;
export const OFFSET_MASK = PAGE_SIZE - 1;

/** `mask` = (number of slots - 1) * entry size, rewritten when the table is resized. Slots that it does not reach are empty: who probes with an older one misses. */
export const TLB_DESCRIPTOR = struct({ mask: 'u32', table: 'u32' });

/** The table begins this many bytes after its descriptor. */
export const TABLE_OFFSET = 32;
