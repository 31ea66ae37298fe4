/** Guest physical memory as a bus master sees it. Addresses are numbers below 2^53; values are unsigned and little-endian. */
export interface GuestMemory {
  read8(addr: number): number;
  read16(addr: number): number;
  read32(addr: number): number;
  write8(addr: number, value: number): void;
  write16(addr: number, value: number): void;
  write32(addr: number, value: number): void;
  /** Fills `into` from `addr` on. What is not memory reads as 0xff. */
  read(addr: number, into: Uint8Array): void;
  /** Copies `from` to `addr` on. What is not writable swallows it. */
  write(addr: number, from: Uint8Array): void;
  /**
   * Views of the RAM itself that together are `addr..addr+len`, in order, or `undefined` when any of it is not RAM.
   * Take views anew after every return to the event loop: memory may move. Whoever writes through a view calls `wrote` after it.
   */
  ranges(addr: number, len: number): Uint8Array[] | undefined;
  /** Says that a bus master wrote through a view, so that translated code and dirty tracking follow. */
  wrote(addr: number, len: number): void;
}
