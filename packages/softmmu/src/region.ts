/** What lies at physical addresses: RAM, ROM, devices and aliases of them. Addresses and sizes are numbers of bytes up to 2^52. */
import { EmuError, type HostPtr } from '@emu/vaddr';

/** The caller described a physical memory map that cannot be. */
export class PhysMapError extends EmuError {}

export type AccessBytes = 1 | 2 | 4;

/**
 * A device's answer to accesses of its region. Offsets count bytes from the region's start; values are unsigned. Accesses arrive naturally
 * aligned and between `minAccess` and `maxAccess` bytes wide (default 1 to 4; `access` says the same): wider and unaligned ones are split in
 * ascending order, narrower ones widened. 8 bytes arrive as two of 4.
 */
export interface DeviceHandler {
  readonly minAccess?: AccessBytes;
  readonly maxAccess?: AccessBytes;
  readonly access?: { readonly min?: AccessBytes; readonly max?: AccessBytes };
  read(offset: number, bytes: AccessBytes): number;
  write(offset: number, bytes: AccessBytes, value: number): void;
}

export interface RegionOptions {
  /**
   * Where regions overlap the higher priority shows, among equal ones the one added or moved last. Left out it is 0 and the region may not overlap
   * another of priority 0; give one where the guest decides on the address (PCI BARs) or one region hides another.
   */
  readonly priority?: number;
  /** false: the region is known but not mapped yet. */
  readonly enabled?: boolean;
}

export type RegionKind = 'ram' | 'rom' | 'device' | 'alias';

/** A region as `PhysMap` hands it out; change it through the map. */
export interface Region {
  readonly name: string;
  readonly kind: RegionKind;
  readonly base: number;
  readonly size: number;
  readonly enabled: boolean;
  readonly priority: number;
  /** Address of the first byte in the arena, or -1. */
  readonly host: HostPtr;
}

/** The map's own view of a region. */
export interface RegionRecord extends Region {
  base: number;
  enabled: boolean;
  /** Overlaps are allowed: a priority was given. */
  readonly stacked: boolean;
  /** Counts additions and moves; the later wins among equal priorities. */
  order: number;
  readonly handler: DeviceHandler | undefined;
  readonly minAccess: AccessBytes;
  readonly maxAccess: AccessBytes;
  /** What an alias shows, from which offset on. */
  readonly target: RegionRecord | undefined;
  readonly targetOffset: number;
}
