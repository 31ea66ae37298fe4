/** The modern interface of a virtio PCI device: common configuration, notifications, ISR and device configuration in one memory
 *  BAR of four pages, laid out as QEMU does (virtio 1.2, 4.1.4.3 to 4.1.4.6). A register answers at its own offset, in any width. */
import type { AccessBytes, IoRegion } from './io-region.ts';
import { hex } from './log.ts';
import { isQueueSize, VIRTIO_F_HI, VirtioStatus } from './virtio.ts';
import type { VirtioPciDevice } from './virtio-pci.ts';

export const MODERN_BAR = 4;
export const NOTIFY_OFF_MULTIPLIER = 4;
/** Offsets in the BAR, and the length of each part. */
export const ModernLayout = { COMMON: 0x0000, ISR: 0x1000, DEVICE: 0x2000, NOTIFY: 0x3000, PAGE: 0x1000, SIZE: 0x4000 } as const;

/** `struct virtio_pci_common_cfg`. */
export const CommonCfg = {
  DEVICE_FEATURE_SELECT: 0x00, DEVICE_FEATURE: 0x04, DRIVER_FEATURE_SELECT: 0x08, DRIVER_FEATURE: 0x0c, CONFIG_MSIX_VECTOR: 0x10,
  NUM_QUEUES: 0x12, DEVICE_STATUS: 0x14, CONFIG_GENERATION: 0x15, QUEUE_SELECT: 0x16, QUEUE_SIZE: 0x18, QUEUE_MSIX_VECTOR: 0x1a,
  QUEUE_ENABLE: 0x1c, QUEUE_NOTIFY_OFF: 0x1e, QUEUE_DESC: 0x20, QUEUE_DRIVER: 0x28, QUEUE_DEVICE: 0x30, QUEUE_NOTIFY_DATA: 0x38,
  QUEUE_RESET: 0x3a,
} as const;

type AnyVirtio = VirtioPciDevice<object>;

export function modernRegion(device: AnyVirtio): IoRegion {
  return {
    name: `${device.name} virtio`,
    size: ModernLayout.SIZE,
    read: (offset, bytes) => {
      if (offset < ModernLayout.ISR) return readCommon(device, offset);
      if (offset < ModernLayout.DEVICE) return offset === ModernLayout.ISR ? device.readIsr() : 0;
      return offset < ModernLayout.NOTIFY ? readDeviceConfig(device, offset - ModernLayout.DEVICE, bytes) : 0;
    },
    write: (offset, bytes, value) => {
      if (offset < ModernLayout.ISR) writeCommon(device, offset, value);
      else if (offset >= ModernLayout.NOTIFY) device.notifyQueue((offset - ModernLayout.NOTIFY) / NOTIFY_OFF_MULTIPLIER | 0);
      else if (offset >= ModernLayout.DEVICE) writeDeviceConfig(device, offset - ModernLayout.DEVICE, bytes, value);
      else device.report(`write of ${hex(value)} to the ISR register`);
    },
  };
}

/** Bytes past the end read as zero: a driver of a newer specification may look there. */
export function readDeviceConfig(device: AnyVirtio, offset: number, bytes: AccessBytes): number {
  const config = device.deviceConfig();
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = (value << 8) | (config[offset + i] ?? 0);
  return value >>> 0;
}

export function writeDeviceConfig(device: AnyVirtio, offset: number, bytes: AccessBytes, value: number): void {
  if (offset + bytes <= device.deviceConfig().length) device.writeDeviceConfig(offset, bytes, value);
  else device.report(`write of ${hex(value)} past the device configuration, at byte ${offset}`);
}

function readCommon(device: AnyVirtio, offset: number): number {
  const { virtio } = device.state;
  const queue = device.selectedQueue;
  switch (offset) {
    case CommonCfg.DEVICE_FEATURE_SELECT: return virtio.deviceFeatureSelect;
    case CommonCfg.DEVICE_FEATURE: return device.offered(virtio.deviceFeatureSelect, false);
    case CommonCfg.DRIVER_FEATURE_SELECT: return virtio.driverFeatureSelect;
    case CommonCfg.DRIVER_FEATURE:
      return virtio.driverFeatureSelect === 0 ? virtio.driverFeaturesLo : virtio.driverFeatureSelect === 1 ? virtio.driverFeaturesHi : 0;
    case CommonCfg.CONFIG_MSIX_VECTOR: return virtio.configVector;
    case CommonCfg.NUM_QUEUES: return virtio.queues.length;
    case CommonCfg.DEVICE_STATUS: return virtio.status;
    case CommonCfg.CONFIG_GENERATION: return virtio.configGeneration;
    case CommonCfg.QUEUE_SELECT: return virtio.queueSelect;
    case CommonCfg.QUEUE_SIZE: return queue?.size ?? 0;
    case CommonCfg.QUEUE_MSIX_VECTOR: return queue?.vector ?? 0xffff;
    case CommonCfg.QUEUE_ENABLE: return queue?.enabled ? 1 : 0;
    case CommonCfg.QUEUE_NOTIFY_OFF: return virtio.queueSelect;
    case CommonCfg.QUEUE_DESC: return queue?.descLo ?? 0;
    case CommonCfg.QUEUE_DESC + 4: return queue?.descHi ?? 0;
    case CommonCfg.QUEUE_DRIVER: return queue?.driverLo ?? 0;
    case CommonCfg.QUEUE_DRIVER + 4: return queue?.driverHi ?? 0;
    case CommonCfg.QUEUE_DEVICE: return queue?.deviceLo ?? 0;
    case CommonCfg.QUEUE_DEVICE + 4: return queue?.deviceHi ?? 0;
    case CommonCfg.QUEUE_NOTIFY_DATA: case CommonCfg.QUEUE_RESET: return 0;
    default:
      device.report(`read of common configuration offset ${hex(offset)}`);
      return 0;
  }
}

function writeCommon(device: AnyVirtio, offset: number, value: number): void {
  const { virtio } = device.state;
  switch (offset) {
    case CommonCfg.DEVICE_FEATURE_SELECT: virtio.deviceFeatureSelect = value; break;
    case CommonCfg.DRIVER_FEATURE_SELECT: virtio.driverFeatureSelect = value; break;
    case CommonCfg.DRIVER_FEATURE: device.writeDriverFeatures(virtio.driverFeatureSelect, value, false); break;
    case CommonCfg.CONFIG_MSIX_VECTOR: virtio.configVector = device.vectorOr(value & 0xffff); break;
    case CommonCfg.DEVICE_STATUS: device.writeStatus(value & 0xff, false); break;
    case CommonCfg.QUEUE_SELECT: virtio.queueSelect = value & 0xffff; break;
    default: writeQueue(device, offset, value);
  }
}

function writeQueue(device: AnyVirtio, offset: number, value: number): void {
  const queue = device.selectedQueue;
  if (!queue) {
    device.report(`write of ${hex(value)} to offset ${hex(offset)} with queue_select ${device.state.virtio.queueSelect}, which does not exist`);
    return;
  }
  if (queue.enabled && offset !== CommonCfg.QUEUE_MSIX_VECTOR && offset !== CommonCfg.QUEUE_RESET && offset !== CommonCfg.QUEUE_ENABLE) {
    device.report(`write of ${hex(value)} to offset ${hex(offset)} of the enabled queue ${device.state.virtio.queueSelect}`);
    return;
  }
  switch (offset) {
    case CommonCfg.QUEUE_SIZE:
      if (isQueueSize(value & 0xffff, device.selectedQueueMax)) queue.size = value & 0xffff;
      else device.report(`queue size ${value & 0xffff}; a power of two up to ${device.selectedQueueMax} fits`);
      break;
    case CommonCfg.QUEUE_MSIX_VECTOR: queue.vector = device.vectorOr(value & 0xffff); break;
    case CommonCfg.QUEUE_ENABLE:
      if ((value & 0xffff) === 1) queue.enabled = true;
      else device.report(`queue_enable written with ${value & 0xffff}; only 1 is allowed`);
      break;
    case CommonCfg.QUEUE_DESC: queue.descLo = value; break;
    case CommonCfg.QUEUE_DESC + 4: queue.descHi = value; break;
    case CommonCfg.QUEUE_DRIVER: queue.driverLo = value; break;
    case CommonCfg.QUEUE_DRIVER + 4: queue.driverHi = value; break;
    case CommonCfg.QUEUE_DEVICE: queue.deviceLo = value; break;
    case CommonCfg.QUEUE_DEVICE + 4: queue.deviceHi = value; break;
    case CommonCfg.QUEUE_RESET:
      if ((value & 0xffff) === 1 && device.state.virtio.driverFeaturesHi & VIRTIO_F_HI.RING_RESET
        && device.state.virtio.status & VirtioStatus.FEATURES_OK) device.resetSelectedQueue();
      else device.report('queue_reset without VIRTIO_F_RING_RESET');
      break;
    default: device.report(`write of ${hex(value)} to common configuration offset ${hex(offset)}`);
  }
}
