/**
 * The bus between local APICs, I/O APICs and whoever writes to 0xfee00000: who gets an interrupt message. Intel SDM Vol. 3A, sections
 * 11.6 (issuing, destinations), 11.11 (message signalled interrupts).
 */
import { bit } from './bits.ts';

/** Delivery modes, as in the ICR, the redirection table and MSI data. Codes. */
export const Delivery = { FIXED: 0, LOWEST_PRIORITY: 1, SMI: 2, NMI: 4, INIT: 5, STARTUP: 6, EXTINT: 7 } as const;

/** Physical destination of every CPU; 8-bit senders write 0xff and mean this. */
export const BROADCAST = 0xffff_ffff;

/** A local APIC as the bus sees it. */
export interface ApicTarget {
  matchesPhysical(id: number): boolean;
  matchesLogical(destination: number): boolean;
  /** Task and processor priority, for lowest-priority delivery. */
  readonly processorPriority: number;
  accept(mode: number, vector: number, levelTriggered: boolean): void;
}

/** An I/O APIC as the bus sees it. */
export interface EoiListener {
  endOfInterrupt(vector: number): void;
}

/** Data of an MSI and of the ICR's low word. */
const LEVEL_TRIGGER = bit(15);
const MODE_SHIFT = 8;
/** Address of an MSI. */
const MSI_LOGICAL = bit(2);
const MSI_DESTINATION_SHIFT = 12;
const MSI_WINDOW = 0xfee0_0000;
const MSI_WINDOW_MASK = 0xfff0_0000;

export class ApicBus {
  readonly #targets: ApicTarget[] = [];
  readonly #listeners: EoiListener[] = [];

  addLocal(target: ApicTarget): void {
    this.#targets.push(target);
  }

  addIo(listener: EoiListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Delivers one message. `destination` is an APIC id or `BROADCAST`, or with `logical` a logical destination. Returns whether any
   * local APIC was addressed.
   */
  send(destination: number, logical: boolean, mode: number, vector: number, levelTriggered: boolean, except?: ApicTarget): boolean {
    let lowest: ApicTarget | undefined;
    let found = false;
    for (let i = 0; i < this.#targets.length; i++) {
      const target = this.#targets[i]!;
      const addressed = destination === BROADCAST || (logical ? target.matchesLogical(destination) : target.matchesPhysical(destination));
      if (target === except || !addressed) continue;
      found = true;
      if (mode !== Delivery.LOWEST_PRIORITY) target.accept(mode, vector, levelTriggered);
      else if (lowest === undefined || target.processorPriority < lowest.processorPriority) lowest = target;
    }
    lowest?.accept(Delivery.FIXED, vector, levelTriggered);
    return found;
  }

  /** A 32-bit write to the MSI window. Returns false when the address is not an APIC's. */
  message(addressLow: number, addressHigh: number, data: number): boolean {
    if (addressHigh !== 0 || (addressLow & MSI_WINDOW_MASK) >>> 0 !== MSI_WINDOW) return false;
    const destination = (addressLow >>> MSI_DESTINATION_SHIFT) & 0xff;
    const logical = (addressLow & MSI_LOGICAL) !== 0;
    const to = destination === 0xff && !logical ? BROADCAST : destination;
    this.send(to, logical, (data >>> MODE_SHIFT) & 7, data & 0xff, (data & LEVEL_TRIGGER) !== 0);
    return true;
  }

  /** A local APIC ended a level-triggered interrupt. */
  endOfInterrupt(vector: number): void {
    for (let i = 0; i < this.#listeners.length; i++) this.#listeners[i]!.endOfInterrupt(vector);
  }
}
