/** PC devices, each driven through its registers. No CPU and no host: time, log and memory are handed in. */
export { bit, field } from './bits.ts';
export { asBlockError, BlockError, checkBlockRange, readBlock, SECTOR_BYTES, type BlockBackend, type BlockErrorReason } from './block.ts';
export { CompletionQueue, type CompletionOptions, type Submitted } from './block-completion.ts';
export { MemoryBlock, ReadonlyBlock, ZeroBlock } from './block-memory.ts';
export { OverlayBlock } from './block-overlay.ts';
export { NS_PER_SECOND, nsOfTicks, ticksIn, type Clock, type Timer, type TimerOwner } from './clock.ts';
export { Device, DeviceError, type DeviceEnv } from './device.ts';
export type { GuestMemory } from './guest-memory.ts';
export { openBus, regionRead, regionWrite, truncate, type AccessBytes, type IoRegion } from './io-region.ts';
export { Line, WiredOr, type LineListener } from './line.ts';
export { ManualClock } from './manual-clock.ts';
export { hex, silentLog, type Log } from './log.ts';
export { copyLike, listOf, SnapshotError, type Snapshot } from './snapshot.ts';
export { pirqOf, PciBus, PciHost, type AnyPciDevice, type PciBusWiring, type PciHostState } from './pci.ts';
export {
  PciCap,
  PciCommand,
  PciDevice,
  PciReg,
  PciStatus,
  type PciBar,
  type PciConnection,
  type PciIdentity,
  type PciState,
} from './pci-device.ts';
export type { Msi, Msix, MsiLayout, MsixLayout } from './pci-msi.ts';
export { Cmos, pcNvram, type CmosLayout } from './cmos-layout.ts';
export { Pic8259, type PicChipState, type PicState } from './pic.ts';
export { Pit8254, PIT_HZ, type PitState } from './pit.ts';
export type { PitCounterState } from './pit-counter.ts';
export { Rtc, RtcB, RtcC, RtcReg, type RtcOptions, type RtcState } from './rtc.ts';
export { VirtioId, VirtioStatus, type Features, type VirtioState } from './virtio.ts';
export { VirtioBlk, type VirtioBlkOptions, type VirtioBlkState } from './virtio-blk.ts';
export { VirtioPciDevice, type VirtioIdentity, type VirtioPciOptions, type VirtioPciState } from './virtio-pci.ts';
export { Virtqueue, type VirtqueueOwner, type VirtqueueState } from './virtqueue.ts';
export { Chain, type Segment } from './virtqueue-chain.ts';
export { Uart16550, type SerialBackend, type UartState } from './uart.ts';
export { VirtioConsole, type ConsolePort, type VirtioConsoleOptions, type VirtioConsoleState } from './virtio-console.ts';
export { VirtioRng, type EntropySource, type VirtioRngOptions, type VirtioRngState } from './virtio-rng.ts';
export { ApicBus, BROADCAST, Delivery, type ApicTarget, type EoiListener } from './apic-bus.ts';
export { IoApic, IOAPIC_PINS, type IoApicState } from './ioapic.ts';
export { LocalApic } from './lapic.ts';
export type { ApicCpu, LocalApicOptions, LocalApicState } from './lapic-interrupts.ts';
export { ApicBase, ApicMsr, ApicReg } from './lapic-registers.ts';
export { LinearTsc, type TscSource } from './tsc.ts';
export { AcpiPort, Piix4Pm, Pm1, PM_TIMER_HZ, SleepType, type AcpiPmState } from './acpi-pm.ts';
export { GsiLines, ioApicPinOf } from './gsi.ts';
export { I440fxHostBridge, type HostBridgeState, type PamSegment } from './i440fx.ts';
export { PIRQ_ROUTES, setupPci, type PciSetupOptions } from './pci-setup.ts';
export { Piix3, type Piix3State } from './piix3.ts';
export { buildAcpiTables, type AcpiOptions, type AcpiTables } from './acpi-tables.ts';
export type { DsdtOptions } from './acpi-dsdt.ts';
export { buildSmbios, type Smbios, type SmbiosOptions } from './smbios.ts';
export { DebugConsole, type DebugConsoleState } from './debugcon.ts';
export { DebugExit, type DebugExitState } from './debug-exit.ts';
export { FwCfg, FwCfgKey, type FwCfgState } from './fw-cfg.ts';
export { I8042, type I8042State, type Ps2Peripheral } from './i8042.ts';
export { Port92, type Port92State } from './port92.ts';
export { Pvpanic, PvpanicEvent, type PvpanicState } from './pvpanic.ts';
