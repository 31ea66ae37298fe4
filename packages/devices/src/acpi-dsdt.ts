/** The DSDT of the PC: what an operating system cannot find by probing. ACPI specification 5.0, chapters 5, 6 and 9; PCI Firmware 3.0. */
import {
  and, arg, busNumbers, byteField, concat, createDWordField, device, eisaId, ifThen, ioPorts, ioWindow, isaIrq, levelInterrupts, lless,
  memoryWindow, memoryWindow64, method, name, operationRegion, or, pack, RegionSpace, resources, ret, scope, store, string, type Aml,
} from './aml.ts';
import { pirqOf } from './pci.ts';

export interface DsdtOptions {
  readonly cpus: number;
  /** Where RAM below 4 GB ends and the PCI window begins, in bytes. */
  readonly ramBelow4G: number;
  /** First address after RAM above 4 GB; the 64-bit PCI window begins there (rounded up to 1 GB). Absent: no such window. */
  readonly highWindowAt?: number;
  /** COM ports present, 1..4. */
  readonly comPorts: readonly number[];
  /** A keyboard controller with keyboard and mouse ports. */
  readonly keyboard: boolean;
  readonly fwCfg: boolean;
  readonly pvpanic: boolean;
}

const COM: Readonly<Record<number, readonly [port: number, irq: number]>> = { 1: [0x3f8, 4], 2: [0x2f8, 3], 3: [0x3e8, 4], 4: [0x2e8, 3] };
const LINKS = 'ABCD';
/** Interrupts a PIRQ may be routed to. */
const LINK_IRQS = [5, 10, 11] as const;
const SCI = 9;
const GB = 2 ** 30;
const HIGH_WINDOW_BYTES = 2 * GB;
const PM_SLOT = 1;
const SLOTS = 32;
/** _STA: present, enabled, shown, working; and the same without "enabled". */
const STA_ENABLED = 0x0b;
const STA_DISABLED = 0x09;

/** The definition block's terms, without the table header. */
export function dsdtBody(options: DsdtOptions): Aml {
  return concat(
    name('\\_S5', pack(0, 0, 0, 0)),
    scope('\\_SB', pciRoot(options), ...[...LINKS].map((_, n) => linkDevice(n)), ...processors(options.cpus)),
  );
}

const present = name('_STA', STA_ENABLED);

function pciRoot(options: DsdtOptions): Aml {
  return device('PCI0', name('_HID', eisaId('PNP0A03')), name('_UID', 0), name('_CRS', pciWindows(options)), name('_PRT', routing()), isaBridge(options));
}

function pciWindows({ ramBelow4G, highWindowAt }: DsdtOptions): Aml {
  const high = highWindowAt === undefined ? [] : [Math.ceil(Math.max(highWindowAt, 4 * GB) / GB) * GB];
  return resources(
    busNumbers(0, 0xff),
    ioPorts(0xcf8, 8),
    ioWindow(0, 0xcf7),
    ioWindow(0xd00, 0xffff),
    memoryWindow(0xa_0000, 0xb_ffff, true),
    memoryWindow(ramBelow4G, 0xfebf_ffff, false),
    ...high.map((at) => memoryWindow64(at, at + HIGH_WINDOW_BYTES - 1)),
  );
}

/** _PRT: every pin of every slot to its link; the power management function's is the SCI, hard-wired. */
function routing(): Aml {
  const rows: Aml[] = [];
  for (let slot = 0; slot < SLOTS; slot++) {
    for (let pin = 1; pin <= 4; pin++) {
      const address = slot * 0x1_0000 + 0xffff;
      const isPm = slot === PM_SLOT && pin === 1;
      rows.push(isPm ? pack(address, pin - 1, 0, SCI) : pack(address, pin - 1, `\\_SB.LNK${LINKS[pirqOf(slot, pin)]}`, 0));
    }
  }
  return pack(...rows);
}

/** A PCI interrupt link over one of the PIIX3's route registers, whose bit 7 means "off". */
function linkDevice(n: number): Aml {
  const register = `\\_SB.PCI0.ISA.PRQ${n}`;
  return device(
    `LNK${LINKS[n]}`,
    name('_HID', eisaId('PNP0C0F')),
    name('_UID', n),
    name('_PRS', resources(levelInterrupts(...LINK_IRQS))),
    method('_STA', 0, ifThen(and(register, 0x80), ret(STA_DISABLED)), ret(STA_ENABLED)),
    method('_DIS', 0, or(register, 0x80, register)),
    method('_CRS', 0,
      name('TMPL', resources(levelInterrupts(0))),
      createDWordField('TMPL', 5, 'GSI_'),
      ifThen(lless(register, 0x80), store(register, 'GSI_')),
      ret('TMPL')),
    method('_SRS', 1, createDWordField(arg(0), 5, 'GSI_'), store('GSI_', register)),
  );
}

function isaBridge(options: DsdtOptions): Aml {
  return device(
    'ISA',
    name('_ADR', 0x0001_0000),
    operationRegion('PIRQ', RegionSpace.PCI_CONFIG, 0x60, 4),
    byteField('PIRQ', [['PRQ0', 8], ['PRQ1', 8], ['PRQ2', 8], ['PRQ3', 8]]),
    isaDevice('RTC', eisaId('PNP0B00'), ioPorts(0x70, 8), isaIrq(8)),
    ...(options.keyboard
      ? [isaDevice('KBD', eisaId('PNP0303'), ioPorts(0x60, 1), ioPorts(0x64, 1), isaIrq(1)), isaDevice('MOU', eisaId('PNP0F13'), isaIrq(12))]
      : []),
    ...options.comPorts.map((n) => comPort(n)),
    ...(options.fwCfg ? [isaDevice('FWCF', string('QEMU0002'), ioPorts(0x510, 12))] : []),
    ...(options.pvpanic ? [isaDevice('PEVT', string('QEMU0001'), ioPorts(0x505, 1))] : []),
  );
}

const isaDevice = (path: string, hid: Aml, ...crs: number[][]): Aml => device(path, name('_HID', hid), present, name('_CRS', resources(...crs)));

function comPort(n: number): Aml {
  const [port, irq] = COM[n]!;
  return device(`COM${n}`, name('_HID', eisaId('PNP0501')), name('_UID', n), present, name('_CRS', resources(ioPorts(port, 8), isaIrq(irq))));
}

const processors = (count: number): Aml[] =>
  Array.from({ length: count }, (_, n) => device(`C${n.toString(16).toUpperCase().padStart(3, '0')}`, name('_HID', string('ACPI0007')), name('_UID', n)));
