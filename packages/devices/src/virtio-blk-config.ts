/** Device configuration of virtio-blk, `struct virtio_blk_config` (virtio 1.2, 5.2.4), with the limits that QEMU shows. */
import { SECTOR_BYTES } from './block.ts';

/** Offsets. */
export const BlkConfig = {
  CAPACITY: 0, SIZE_MAX: 8, SEG_MAX: 12, CYLINDERS: 16, HEADS: 18, SECTORS: 19, BLK_SIZE: 20, PHYSICAL_BLOCK_EXP: 24, ALIGNMENT_OFFSET: 25,
  MIN_IO_SIZE: 26, OPT_IO_SIZE: 28, WRITEBACK: 32, NUM_QUEUES: 34, MAX_DISCARD_SECTORS: 36, MAX_DISCARD_SEG: 40,
  DISCARD_SECTOR_ALIGNMENT: 44, MAX_WRITE_ZEROES_SECTORS: 48, MAX_WRITE_ZEROES_SEG: 52, WRITE_ZEROES_MAY_UNMAP: 56,
} as const;
export const BLK_CONFIG_BYTES = 60;

/** 2 GiB a range: what a back end may have to write out as zeros. */
export const MAX_DISCARD_SECTORS = (2 ** 31) / SECTOR_BYTES;
export const MAX_DISCARD_SEGMENTS = 16;

const HEADS = 16;
const SECTORS_PER_TRACK = 63;
const MAX_CYLINDERS = 16383;

export interface BlkConfigOptions {
  readonly sizeBytes: number;
  readonly queueSize: number;
  readonly numQueues: number;
  readonly logicalBlockSize: number;
  readonly physicalBlockSize: number;
}

export function blkConfig({ sizeBytes, queueSize, numQueues, logicalBlockSize, physicalBlockSize }: BlkConfigOptions): Uint8Array {
  const sectors = Math.floor(sizeBytes / SECTOR_BYTES);
  const config = new DataView(new ArrayBuffer(BLK_CONFIG_BYTES));
  config.setUint32(BlkConfig.CAPACITY, sectors % 0x1_0000_0000, true);
  config.setUint32(BlkConfig.CAPACITY + 4, Math.floor(sectors / 0x1_0000_0000), true);
  config.setUint32(BlkConfig.SEG_MAX, Math.max(1, queueSize - 2), true); // header and status take two
  config.setUint16(BlkConfig.CYLINDERS, Math.min(MAX_CYLINDERS, Math.floor(sectors / (HEADS * SECTORS_PER_TRACK))), true);
  config.setUint8(BlkConfig.HEADS, HEADS);
  config.setUint8(BlkConfig.SECTORS, SECTORS_PER_TRACK);
  config.setUint32(BlkConfig.BLK_SIZE, logicalBlockSize, true);
  config.setUint8(BlkConfig.PHYSICAL_BLOCK_EXP, Math.max(0, Math.log2(physicalBlockSize / logicalBlockSize)));
  config.setUint16(BlkConfig.NUM_QUEUES, numQueues, true);
  config.setUint32(BlkConfig.MAX_DISCARD_SECTORS, MAX_DISCARD_SECTORS, true);
  config.setUint32(BlkConfig.MAX_DISCARD_SEG, MAX_DISCARD_SEGMENTS, true);
  config.setUint32(BlkConfig.DISCARD_SECTOR_ALIGNMENT, logicalBlockSize / SECTOR_BYTES, true);
  config.setUint32(BlkConfig.MAX_WRITE_ZEROES_SECTORS, MAX_DISCARD_SECTORS, true);
  config.setUint32(BlkConfig.MAX_WRITE_ZEROES_SEG, MAX_DISCARD_SEGMENTS, true);
  config.setUint8(BlkConfig.WRITE_ZEROES_MAY_UNMAP, 1);
  return new Uint8Array(config.buffer);
}
