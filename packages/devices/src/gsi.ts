/** The board's interrupt wiring: global system interrupts 0..23 reach the 8259A pair (0..15) and the I/O APIC alike. */
import { DeviceError } from './device.ts';
import { IOAPIC_PINS, type IoApic } from './ioapic.ts';
import { WiredOr, type LineListener } from './line.ts';
import type { Pic8259 } from './pic.ts';

/** ISA interrupt 0 arrives at I/O APIC pin 2, where the 8259A's cascade would be: the MADT's interrupt source override. */
export const ioApicPinOf = (isaIrq: number): number => (isaIrq === 0 ? 2 : isaIrq);

const PIC_IRQS = 16;
const CASCADE = 2;

export class GsiLines {
  readonly #gates: readonly WiredOr[];

  constructor(pic: Pic8259, ioapic: IoApic) {
    this.#gates = Array.from({ length: IOAPIC_PINS }, (_, n) => new WiredOr((level) => {
      if (n < PIC_IRQS) pic.setIrq(n, level);
      ioapic.setPin(ioApicPinOf(n), level);
    }));
  }

  /** One more source of interrupt `n`: connect a device's line to it. Sources of the same interrupt are ORed. */
  input(n: number): LineListener {
    const gate = this.#gates[n];
    if (gate === undefined || n === CASCADE) throw new DeviceError(`interrupt ${n} has no input; use 0, 1 or 3..${IOAPIC_PINS - 1}`);
    return gate.input();
  }
}
