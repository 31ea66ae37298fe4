/** The legacy interface of a transitional virtio PCI device: ports in BAR 0 (virtio 1.2, 4.1.4.10), for old kernels and firmware.
 *  Queues are one block of guest pages whose frame number the driver writes; their size is fixed (2.7.2). */
import type { AccessBytes, IoRegion } from './io-region.ts';
import { hex } from './log.ts';
import type { VirtioPciDevice } from './virtio-pci.ts';
import { readDeviceConfig, writeDeviceConfig } from './virtio-pci-modern.ts';
import { DESC_BYTES } from './virtqueue.ts';

/** Offsets in the BAR. The two vectors are there only while MSI-X is enabled; device configuration follows. */
export const LegacyReg = {
  DEVICE_FEATURES: 0, DRIVER_FEATURES: 4, QUEUE_ADDRESS: 8, QUEUE_SIZE: 12, QUEUE_SELECT: 14, QUEUE_NOTIFY: 16, DEVICE_STATUS: 18,
  ISR_STATUS: 19, CONFIG_MSIX_VECTOR: 20, QUEUE_VECTOR: 22,
} as const;

const CONFIG_WITHOUT_MSIX = 20;
const CONFIG_WITH_MSIX = 24;
/** Pages of the legacy interface, also the alignment of the used ring. */
const PAGE = 4096;

type AnyVirtio = VirtioPciDevice<object>;

const configStart = (device: AnyVirtio): number => (device.msix.enabled ? CONFIG_WITH_MSIX : CONFIG_WITHOUT_MSIX);

export function legacyRegion(device: AnyVirtio, configBytes: number): IoRegion {
  return {
    name: `${device.name} virtio-legacy`,
    size: 2 ** Math.ceil(Math.log2(CONFIG_WITH_MSIX + configBytes)),
    read: (offset, bytes) =>
      offset >= configStart(device) ? readDeviceConfig(device, offset - configStart(device), bytes) : readRegister(device, offset),
    write: (offset, bytes, value) => {
      if (offset >= configStart(device)) writeDeviceConfig(device, offset - configStart(device), bytes, value);
      else writeRegister(device, offset, bytes, value);
    },
  };
}

function readRegister(device: AnyVirtio, offset: number): number {
  const { virtio } = device.state;
  const queue = device.selectedQueue;
  switch (offset) {
    case LegacyReg.DEVICE_FEATURES: return device.offered(0, true);
    case LegacyReg.DRIVER_FEATURES: return virtio.driverFeaturesLo;
    case LegacyReg.QUEUE_ADDRESS: return queue ? ((queue.descHi * 0x1_0000_0000 + queue.descLo) / PAGE) >>> 0 : 0;
    case LegacyReg.QUEUE_SIZE: return queue?.size ?? 0;
    case LegacyReg.QUEUE_SELECT: return virtio.queueSelect;
    case LegacyReg.DEVICE_STATUS: return virtio.status;
    case LegacyReg.ISR_STATUS: return device.readIsr();
    case LegacyReg.CONFIG_MSIX_VECTOR: return virtio.configVector;
    case LegacyReg.QUEUE_VECTOR: return queue?.vector ?? 0xffff;
    default:
      device.report(`read of legacy register ${hex(offset)}`);
      return 0;
  }
}

function writeRegister(device: AnyVirtio, offset: number, bytes: AccessBytes, value: number): void {
  const { virtio } = device.state;
  const queue = device.selectedQueue;
  switch (offset) {
    case LegacyReg.DRIVER_FEATURES: device.writeDriverFeatures(0, value, true); break;
    case LegacyReg.QUEUE_ADDRESS:
      if (!queue) device.report(`queue address written with queue_select ${virtio.queueSelect}, which does not exist`);
      else if (value === 0) device.resetSelectedQueue();
      else placeQueue(device, value);
      break;
    case LegacyReg.QUEUE_SELECT: virtio.queueSelect = value & 0xffff; break;
    case LegacyReg.QUEUE_NOTIFY: device.notifyQueue(value & 0xffff); break;
    case LegacyReg.DEVICE_STATUS: device.writeStatus(value & 0xff, true); break;
    case LegacyReg.CONFIG_MSIX_VECTOR: virtio.configVector = device.vectorOr(value & 0xffff); break;
    case LegacyReg.QUEUE_VECTOR:
      if (queue) queue.vector = device.vectorOr(value & 0xffff);
      break;
    default: device.report(`write of ${hex(value)} (${bytes} bytes) to legacy register ${hex(offset)}`);
  }
}

/** Descriptors, available ring, padding to a page, used ring. */
function placeQueue(device: AnyVirtio, frame: number): void {
  const queue = device.selectedQueue!;
  const desc = frame * PAGE;
  const driver = desc + DESC_BYTES * queue.size;
  const used = Math.ceil((driver + 2 * (3 + queue.size)) / PAGE) * PAGE;
  [queue.descLo, queue.descHi] = words(desc);
  [queue.driverLo, queue.driverHi] = words(driver);
  [queue.deviceLo, queue.deviceHi] = words(used);
  queue.enabled = true;
}

const words = (address: number): [number, number] => [address % 0x1_0000_0000, Math.floor(address / 0x1_0000_0000)];
