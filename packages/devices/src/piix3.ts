/**
 * PIIX3 PCI-to-ISA bridge, function 0 of slot 1: routes PIRQA..PIRQD to ISA interrupts and resets the machine. Intel 82371SB data sheet,
 * sections 2.2.11 (PIRQRC) and 2.5.6 (RC). The other registers keep what is written. Its IDE and USB functions are devices of their own.
 */
import { bit } from './bits.ts';
import type { DeviceEnv } from './device.ts';
import type { IoRegion } from './io-region.ts';
import type { Line } from './line.ts';
import { PciDevice, type PciState } from './pci-device.ts';

const Reg = { XBCS: 0x4e, PIRQRC: 0x60, TOM: 0x69, MBIRQ0: 0x70, MBDMA: 0x76, PCSC: 0x78, IORT: 0x4c, SMICNTL: 0xa0, FTMR: 0xa8 } as const;
/** A PIRQ route control register. */
const Route = { IRQ: 0x0f, DISABLED: bit(7) } as const;
/** Reset control at port 0xcf9. */
const RC = { HARD: bit(1), RESET: bit(2) } as const;

/** ISA interrupts that a PIRQ may be routed to (others are reserved). */
const ROUTABLE: readonly number[] = [3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15];
const PIRQS = 4;

export interface Piix3State extends PciState {
  /** Levels of PIRQA (bit 0) .. PIRQD (bit 3). */
  pirqs: number;
  resetControl: number;
}

export class Piix3 extends PciDevice<Piix3State> {
  /** ISA interrupts 0..15 as driven by the PIRQs; only the routable ones ever rise. */
  readonly irqs: readonly Line[] = Array.from({ length: 16 }, (_, n) => this.line(`irq${n}`));
  /** Pulses when the guest asks for a reset through port 0xcf9. */
  readonly resetRequest = this.line('reset');
  /** Four ports of which only 0xcf9 (offset 1) is decoded: what lies below `PciHost.addressPort`. */
  readonly resetPort: IoRegion = {
    name: 'piix3-reset-control',
    size: 4,
    access: { max: 1 },
    read: (offset) => (offset === 1 ? this.state.resetControl : 0xff),
    write: (offset, _bytes, value) => {
      if (offset === 1) this.writeReset(value);
    },
  };

  constructor(env: DeviceEnv) {
    super('piix3', env, {
      vendorId: 0x8086, deviceId: 0x7000, classCode: 0x060100, subsystemVendorId: 0x1af4, subsystemId: 0x1100, multifunction: true,
    });
    this.writeMask.fill(0xff, 0x40);
    this.template[0x07] = 0x02; // medium DEVSEL timing
    const defaults: readonly (readonly [number, number])[] = [
      [Reg.IORT, 0x4d], [Reg.XBCS, 0x03], [Reg.TOM, 0x02], [Reg.MBIRQ0, 0x80], [Reg.MBDMA, 0x0c], [Reg.MBDMA + 1, 0x0c], [Reg.PCSC, 0x02],
      [Reg.SMICNTL, 0x08], [Reg.FTMR, 0x0f],
    ];
    for (const [at, value] of defaults) this.template[at] = value;
    this.template.fill(Route.DISABLED, Reg.PIRQRC, Reg.PIRQRC + PIRQS);
    this.reset();
  }

  protected initial(before?: Piix3State): Piix3State {
    return { ...this.initialPci(), pirqs: before?.pirqs ?? 0, resetControl: 0 };
  }

  protected override limits() {
    return { pirqs: 0xf, resetControl: 0xff };
  }

  /** PIRQA (0) .. PIRQD (3) changed: `PciBusWiring.pirq`. */
  setPirq(n: number, level: boolean): void {
    this.state.pirqs = level ? this.state.pirqs | bit(n) : this.state.pirqs & ~bit(n);
    this.update();
  }

  /** Where PIRQ `n` goes now, or `undefined`. */
  routeOf(n: number): number | undefined {
    const route = this.state.config[Reg.PIRQRC + n]!;
    const irq = route & Route.IRQ;
    return (route & Route.DISABLED) === 0 && ROUTABLE.includes(irq) ? irq : undefined;
  }

  protected override update(): void {
    super.update();
    let levels = 0;
    for (let n = 0; n < PIRQS; n++) {
      if ((this.state.pirqs & bit(n)) !== 0) levels |= 1 << (this.routeOf(n) ?? 31);
    }
    for (const irq of ROUTABLE) this.irqs[irq]!.set((levels & (1 << irq)) !== 0);
  }

  /** A rising RCPU bit resets; the type bit only tells how much, and here both mean all. */
  private writeReset(value: number): void {
    const asks = (value & RC.RESET) !== 0 && (this.state.resetControl & RC.RESET) === 0;
    this.state.resetControl = value & RC.HARD;
    if (asks) this.resetRequest.pulse();
  }
}
