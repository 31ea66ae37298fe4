import { expect, test } from 'vitest';
import * as devices from './index.ts';

test('the package exports these names', () => {
  expect(Object.keys(devices).sort().join(' ')).toMatchInlineSnapshot(`"AcpiPort ApicBase ApicBus ApicMsr ApicReg BROADCAST BlockError Chain Cmos CompletionQueue DebugConsole DebugExit Delivery Device DeviceError FwCfg FwCfgKey GsiLines I440fxHostBridge I8042 IOAPIC_PINS IoApic Line LinearTsc LocalApic ManualClock MemoryBlock NS_PER_SECOND OverlayBlock PIRQ_ROUTES PIT_HZ PM_TIMER_HZ PciBus PciCap PciCommand PciDevice PciHost PciReg PciStatus Pic8259 Piix3 Piix4Pm Pit8254 Pm1 Port92 Pvpanic PvpanicEvent ReadonlyBlock Rtc RtcB RtcC RtcReg SECTOR_BYTES SleepType SnapshotError Uart16550 VirtioBlk VirtioConsole VirtioId VirtioPciDevice VirtioRng VirtioStatus Virtqueue WiredOr ZeroBlock asBlockError bit buildAcpiTables buildSmbios checkBlockRange copyLike field hex ioApicPinOf listOf nsOfTicks openBus pcNvram pirqOf readBlock regionRead regionWrite setupPci silentLog ticksIn truncate"`);
});
