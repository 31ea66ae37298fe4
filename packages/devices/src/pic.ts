/**
 * The pair of 8259A interrupt controllers of a PC, with the edge/level registers of the PIIX. Intel 8259A data sheet (order 231468);
 * 82371SB (PIIX3) data sheet, section 2.5.7 for ELCR. As in integrated versions an edge stays latched when its input falls again,
 * and the cascade is wired inside. Not modelled: 8080 mode, buffered mode (no effect on software).
 */
import { bit } from './bits.ts';
import { Device, type DeviceEnv } from './device.ts';
import type { IoRegion } from './io-region.ts';
import type { LineListener } from './line.ts';

/** ICW1, at port 0. Bit 4 tells it from the operation words. */
const ICW1 = { IC4: bit(0), SINGLE: bit(1), LEVEL: bit(3), INIT: bit(4) } as const;
const ICW4 = { AEOI: bit(1), SFNM: bit(4) } as const;
/** OCW2: a command in bits 5..7 and a level in bits 0..2. Codes, not masks. */
const OCW2 = { ROTATE_AEOI_CLEAR: 0, EOI: 1, SPECIFIC_EOI: 3, ROTATE_AEOI_SET: 4, ROTATE_EOI: 5, SET_PRIORITY: 6, ROTATE_SPECIFIC_EOI: 7 } as const;
/** OCW3, told from OCW2 by bit 3. */
const OCW3 = { RIS: bit(0), RR: bit(1), POLL: bit(2), SELECT: bit(3), SMM: bit(5), ESMM: bit(6) } as const;
/** Which initialisation word a chip waits for at port 1. */
const Expect = { OCW1: 0, ICW2: 2, ICW3: 3, ICW4: 4 } as const;

const MASTER = 0;
const SLAVE = 1;
const CASCADE = 2;
const SPURIOUS = 7;
const NONE = -1;
/** IRQ 0, 1, 2, 8 and 13 are always edge triggered. */
const ELCR_MASK = [0xf8, 0xde] as const;

export interface PicChipState {
  irr: number;
  imr: number;
  isr: number;
  /** Input levels. */
  inputs: number;
  elcr: number;
  vectorBase: number;
  expect: number;
  icw4Follows: boolean;
  single: boolean;
  autoEoi: boolean;
  rotateOnAutoEoi: boolean;
  fullyNestedSpecial: boolean;
  specialMask: boolean;
  readIsr: boolean;
  poll: boolean;
  /** The level with the lowest priority; the one after it has the highest. */
  lowest: number;
}

export interface PicState {
  chips: PicChipState[];
}

const newChip = (elcr: number, inputs: number): PicChipState => ({
  irr: 0, imr: 0, isr: 0, inputs, elcr, vectorBase: 0, expect: Expect.OCW1, icw4Follows: false, single: false, autoEoi: false,
  rotateOnAutoEoi: false, fullyNestedSpecial: false, specialMask: false, readIsr: false, poll: false, lowest: 7,
});

/** The set level of highest priority in `levels`, counted from the highest priority (0) on; 8 if there is none. */
function priorityOf(chip: PicChipState, levels: number): number {
  for (let rank = 0; rank < 8; rank++) if ((levels & (1 << ((chip.lowest + 1 + rank) & 7))) !== 0) return rank;
  return 8;
}

const levelAt = (chip: PicChipState, rank: number): number => (chip.lowest + 1 + rank) & 7;

export class Pic8259 extends Device<PicState> {
  /** INTR of the master, to the CPU or to LINT0 of the local APIC. */
  readonly intr = this.line('intr');
  /** Ports 0x20 and 0x21. */
  readonly masterPorts: IoRegion = this.ports('pic', MASTER);
  /** Ports 0xa0 and 0xa1. */
  readonly slavePorts: IoRegion = this.ports('pic2', SLAVE);
  /** Ports 0x4d0 and 0x4d1. */
  readonly elcrPorts: IoRegion = {
    name: 'elcr',
    size: 2,
    access: { max: 1 },
    read: (offset) => this.state.chips[offset]!.elcr,
    write: (offset, _bytes, value) => {
      this.state.chips[offset]!.elcr = value & ELCR_MASK[offset]!;
      this.update();
    },
  };

  constructor(env: DeviceEnv) {
    super('pic', env);
    this.reset();
  }

  protected initial(before?: PicState): PicState {
    const inputs = (n: number) => before?.chips[n]!.inputs ?? 0; // what the pins see does not change
    return { chips: [newChip(0, inputs(MASTER)), newChip(0, inputs(SLAVE))] };
  }

  /** Drives IRQ `n` (0..15); IRQ 2 is the cascade and has no pin. */
  setIrq(n: number, level: boolean): void {
    const chip = this.state.chips[n >>> 3]!;
    const mask = 1 << (n & 7);
    if (n === CASCADE) return;
    if (level && (chip.inputs & mask) === 0) chip.irr |= mask;
    chip.inputs = level ? chip.inputs | mask : chip.inputs & ~mask;
    this.update();
  }

  /** The input pin of IRQ `n`, to connect a line to. */
  irq(n: number): LineListener {
    return (level) => this.setIrq(n, level);
  }

  /** The CPU's interrupt acknowledge cycle: the vector of the highest request, or the spurious one (level 7) when it is gone. */
  acknowledge(): number {
    const master = this.state.chips[MASTER]!;
    const slave = this.state.chips[SLAVE]!;
    const level = this.request(MASTER);
    let vector = master.vectorBase + (level === NONE ? SPURIOUS : level);
    if (level === CASCADE && !master.single) {
      const second = this.request(SLAVE);
      if (second !== NONE) this.serve(slave, second);
      vector = slave.vectorBase + (second === NONE ? SPURIOUS : second);
    }
    if (level !== NONE) this.serve(master, level);
    this.update();
    return vector & 0xff;
  }

  protected override update(): void {
    for (const chip of this.state.chips) {
      const levels = chip.elcr; // level inputs request for as long as they are high
      chip.irr = (chip.irr & ~levels) | (chip.inputs & levels);
    }
    this.cascade();
    this.intr.set(this.request(MASTER) !== NONE);
  }

  private cascade(): void {
    const [master, slave] = this.state.chips as [PicChipState, PicChipState];
    if (this.requestOf(slave, false) === NONE) master.irr &= ~bit(CASCADE);
    else master.irr |= bit(CASCADE);
  }

  private request(which: number): number {
    return this.requestOf(this.state.chips[which]!, which === MASTER);
  }

  /** The level that a chip would report now. */
  private requestOf(chip: PicChipState, isMaster: boolean): number {
    const rank = priorityOf(chip, chip.irr & ~chip.imr);
    let blocking = chip.isr;
    if (chip.specialMask) blocking &= ~chip.imr;
    if (chip.fullyNestedSpecial && isMaster) blocking &= ~bit(CASCADE);
    return rank < priorityOf(chip, blocking) ? levelAt(chip, rank) : NONE;
  }

  private serve(chip: PicChipState, level: number): void {
    const mask = 1 << level;
    if ((chip.elcr & mask) === 0) chip.irr &= ~mask;
    if (!chip.autoEoi) chip.isr |= mask;
    else if (chip.rotateOnAutoEoi) chip.lowest = level;
  }

  private ports(name: string, which: number): IoRegion {
    return {
      name,
      size: 2,
      access: { max: 1 },
      read: (offset) => this.readPort(which, offset),
      write: (offset, _bytes, value) => {
        const chip = this.state.chips[which]!;
        if (offset === 1) this.writeData(chip, value, which);
        else if ((value & ICW1.INIT) !== 0) this.initialise(which, value);
        else if ((value & OCW3.SELECT) !== 0) this.writeOcw3(chip, value);
        else this.writeOcw2(chip, value >>> 5, value & 7);
        this.update();
      },
    };
  }

  private readPort(which: number, offset: number): number {
    const chip = this.state.chips[which]!;
    if (chip.poll) return this.pollRead(which);
    if (offset === 1) return chip.imr;
    return chip.readIsr ? chip.isr : chip.irr;
  }

  /** A read after the poll command acknowledges and tells the level, with bit 7 set if there was a request. */
  private pollRead(which: number): number {
    const chip = this.state.chips[which]!;
    chip.poll = false;
    const level = this.request(which);
    if (level !== NONE) this.serve(chip, level);
    this.update();
    return level === NONE ? 0 : 0x80 | level;
  }

  private initialise(which: number, icw1: number): void {
    const { elcr, inputs } = this.state.chips[which]!;
    if ((icw1 & ICW1.LEVEL) !== 0) this.unimp('ICW1.LTIM: this chip set takes the trigger mode from ELCR');
    const chip = newChip(elcr, inputs);
    chip.expect = Expect.ICW2;
    chip.single = (icw1 & ICW1.SINGLE) !== 0;
    chip.icw4Follows = (icw1 & ICW1.IC4) !== 0;
    this.state.chips[which] = chip;
  }

  private writeData(chip: PicChipState, value: number, which: number): void {
    switch (chip.expect) {
      case Expect.ICW2:
        chip.vectorBase = value & 0xf8;
        chip.expect = chip.single ? (chip.icw4Follows ? Expect.ICW4 : Expect.OCW1) : Expect.ICW3;
        return;
      case Expect.ICW3:
        if (value !== (which === MASTER ? bit(CASCADE) : CASCADE)) this.guestError(`ICW3 ${value} does not match the wiring of a PC`);
        chip.expect = chip.icw4Follows ? Expect.ICW4 : Expect.OCW1;
        return;
      case Expect.ICW4:
        chip.autoEoi = (value & ICW4.AEOI) !== 0;
        chip.fullyNestedSpecial = (value & ICW4.SFNM) !== 0;
        chip.expect = Expect.OCW1;
        return;
      default:
        chip.imr = value;
    }
  }

  private writeOcw2(chip: PicChipState, command: number, level: number): void {
    switch (command) {
      case OCW2.ROTATE_AEOI_CLEAR:
      case OCW2.ROTATE_AEOI_SET:
        chip.rotateOnAutoEoi = command === OCW2.ROTATE_AEOI_SET;
        return;
      case OCW2.EOI:
      case OCW2.ROTATE_EOI: {
        const served = chip.specialMask ? chip.isr & ~chip.imr : chip.isr;
        const rank = priorityOf(chip, served);
        if (rank === 8) return;
        const ended = levelAt(chip, rank);
        chip.isr &= ~(1 << ended);
        if (command === OCW2.ROTATE_EOI) chip.lowest = ended;
        return;
      }
      case OCW2.SPECIFIC_EOI:
        chip.isr &= ~(1 << level);
        return;
      case OCW2.SET_PRIORITY:
        chip.lowest = level;
        return;
      case OCW2.ROTATE_SPECIFIC_EOI:
        chip.isr &= ~(1 << level);
        chip.lowest = level;
    }
  }

  private writeOcw3(chip: PicChipState, value: number): void {
    if ((value & OCW3.POLL) !== 0) chip.poll = true;
    if ((value & OCW3.RR) !== 0) chip.readIsr = (value & OCW3.RIS) !== 0;
    if ((value & OCW3.ESMM) !== 0) chip.specialMask = (value & OCW3.SMM) !== 0;
  }
}
