/** What every virtio device shares whatever its transport: ids, status bits, feature bits, the saved state (virtio 1.2, 2 and 5). */
import { bit } from './bits.ts';
import { SnapshotError } from './snapshot.ts';
import { initialVirtqueue, MAX_QUEUE_SIZE, VIRTIO_RING_F, type VirtqueueState } from './virtqueue.ts';

/** Device types (5): the PCI device id is 0x1040 plus this. */
export const VirtioId = { NET: 1, BLOCK: 2, CONSOLE: 3, RNG: 4, NINE_P: 9 } as const;

/** Device status field (2.1): masks. */
export const VirtioStatus = {
  ACKNOWLEDGE: bit(0), DRIVER: bit(1), DRIVER_OK: bit(2), FEATURES_OK: bit(3), DEVICE_NEEDS_RESET: bit(6), FAILED: bit(7),
} as const;

/** ISR status (4.1.4.5): masks. */
export const VirtioIsr = { QUEUE: bit(0), CONFIG: bit(1) } as const;

/** A vector register's value for "no interrupt" (4.1.4.3). */
export const VIRTIO_MSI_NO_VECTOR = 0xffff;

/** 64 feature bits as two words: bits 0..31 and 32..63. */
export interface Features {
  readonly lo: number;
  readonly hi: number;
}

/** Bits of the low word that only legacy drivers see (6.3): the modern interface hides them. */
export const LEGACY_F = { ANY_LAYOUT: bit(27) } as const;

/** Bits of the high word: feature bit number minus 32 (6). */
export const VIRTIO_F_HI = { VERSION_1: bit(32 - 32), RING_RESET: bit(40 - 32) } as const;

/** What we offer on every device, besides its own bits. */
export const COMMON_FEATURES: Features = {
  lo: (VIRTIO_RING_F.INDIRECT_DESC | VIRTIO_RING_F.EVENT_IDX | LEGACY_F.ANY_LAYOUT) >>> 0,
  hi: (VIRTIO_F_HI.VERSION_1 | VIRTIO_F_HI.RING_RESET) >>> 0,
};

export interface VirtioQueueState extends VirtqueueState {
  /** MSI-X table entry of this queue's interrupt. */
  vector: number;
}

/** The transport's registers. */
export interface VirtioState {
  status: number;
  isr: number;
  configGeneration: number;
  deviceFeatureSelect: number;
  driverFeatureSelect: number;
  driverFeaturesLo: number;
  driverFeaturesHi: number;
  /** The driver asked for a feature that was not offered, so FEATURES_OK is refused. */
  badFeatures: boolean;
  /** The driver broke the rules of a queue; nothing works until it resets the device. */
  broken: boolean;
  queueSelect: number;
  configVector: number;
  queues: VirtioQueueState[];
}

export const initialVirtio = (queueSizes: readonly number[]): VirtioState => ({
  status: 0, isr: 0, configGeneration: 0, deviceFeatureSelect: 0, driverFeatureSelect: 0, driverFeaturesLo: 0, driverFeaturesHi: 0,
  badFeatures: false, broken: false, queueSelect: 0, configVector: VIRTIO_MSI_NO_VECTOR,
  queues: queueSizes.map((size) => initialVirtioQueue(size)),
});

export const initialVirtioQueue = (size: number): VirtioQueueState => ({ ...initialVirtqueue(size), vector: VIRTIO_MSI_NO_VECTOR });

export const isQueueSize = (size: number, max: number): boolean => size >= 1 && size <= max && (size & (size - 1)) === 0;

/** Throws unless every number of a saved state is one that the registers can hold. */
export function checkVirtio(name: string, state: VirtioState, queueSizes: readonly number[]): void {
  const within = (field: string, value: number, max: number, min = 0) => {
    if (value < min || value > max) throw new SnapshotError(`${name}: ${field} is ${value}, outside ${min}..${max}; the snapshot is damaged`);
  };
  for (const field of ['status', 'isr', 'configGeneration'] as const) within(field, state[field], 0xff);
  for (const field of ['queueSelect', 'configVector'] as const) within(field, state[field], 0xffff);
  for (const field of ['deviceFeatureSelect', 'driverFeatureSelect', 'driverFeaturesLo', 'driverFeaturesHi'] as const) {
    within(field, state[field], 0xffff_ffff);
  }
  state.queues.forEach((queue, i) => {
    const max = queueSizes[i] ?? MAX_QUEUE_SIZE;
    if (!isQueueSize(queue.size, max)) throw new SnapshotError(`${name}: queue ${i} has ${queue.size} entries; a power of two up to ${max} fits`);
    for (const field of ['lastAvail', 'usedIdx', 'vector'] as const) within(`queue ${i} ${field}`, queue[field], 0xffff);
    within(`queue ${i} signalledUsed`, queue.signalledUsed, 0xffff, -1);
    for (const field of ['descLo', 'descHi', 'driverLo', 'driverHi', 'deviceLo', 'deviceHi'] as const) {
      within(`queue ${i} ${field}`, queue[field], 0xffff_ffff);
    }
  });
}
