/** Message signalled interrupts of a PCI function: MSI and MSI-X. PCI Local Bus Specification 3.0, section 6.8. */
import { bit, field } from './bits.ts';
import { DeviceError } from './device.ts';
import type { IoRegion } from './io-region.ts';

export interface MsiLayout {
  /** Messages the function may ask for: 1, 2, 4, 8, 16 or 32. */
  readonly vectors: number;
  /** Per-vector mask and pending bits. */
  readonly maskable?: boolean;
  /** Offset of the capability; default the next free one. */
  readonly at?: number;
}

export interface MsixLayout {
  readonly vectors: number;
  /** The BAR that holds nothing but table and pending bits. */
  readonly bar: number;
  /** Bytes into the BAR; default 0 and 0x800 in a BAR of 4096 bytes (tables up to 128 vectors). */
  readonly tableOffset?: number;
  readonly pendingOffset?: number;
  readonly barSize?: number;
  /** Offset of the capability; default the next free one. */
  readonly at?: number;
}

/** The part of a PCI function that interrupt messages need. */
interface Function {
  readonly name: string;
  readonly state: { config: Uint8Array; msixTable: Uint32Array; msixPending: Uint32Array };
  configRead(offset: number, bytes: 1 | 2 | 4): number;
  sendMessage(addressLow: number, addressHigh: number, data: number): void;
}

/** Message control of MSI (capability + 2); with a 64-bit address always. */
const MsiControl = { ENABLE: bit(0), MULTIPLE_CAPABLE_SHIFT: 1, MULTIPLE_ENABLE_SHIFT: 4, ADDRESS_64: bit(7), MASKABLE: bit(8) } as const;
/** Registers of MSI with a 64-bit address, from the capability on. */
const MsiReg = { CONTROL: 2, ADDRESS: 4, ADDRESS_HIGH: 8, DATA: 12, MASK: 16, PENDING: 20 } as const;

export class Msi {
  readonly #function: Function;
  #at = 0;
  #layout: MsiLayout = { vectors: 0 };

  constructor(owner: object) {
    this.#function = owner as Function;
  }

  /** Writes the capability into a configuration template. */
  place(layout: MsiLayout, at: number, template: Uint8Array, writeMask: Uint8Array, deviceMask: Uint8Array): void {
    this.#layout = layout;
    this.#at = at;
    const maskable = layout.maskable === true;
    const capable = Math.log2(layout.vectors) << MsiControl.MULTIPLE_CAPABLE_SHIFT;
    const header = new DataView(template.buffer);
    header.setUint16(at + MsiReg.CONTROL, MsiControl.ADDRESS_64 | (maskable ? MsiControl.MASKABLE : 0) | capable, true);
    const mask = new DataView(writeMask.buffer);
    mask.setUint16(at + MsiReg.CONTROL, MsiControl.ENABLE | field(MsiControl.MULTIPLE_ENABLE_SHIFT, 3), true);
    mask.setUint32(at + MsiReg.ADDRESS, 0xffff_fffc, true);
    mask.setUint32(at + MsiReg.ADDRESS_HIGH, 0xffff_ffff, true);
    mask.setUint16(at + MsiReg.DATA, 0xffff, true);
    if (!maskable) return;
    mask.setUint32(at + MsiReg.MASK, field(0, layout.vectors), true);
    new DataView(deviceMask.buffer).setUint32(at + MsiReg.PENDING, field(0, layout.vectors), true);
  }

  /** Whether the guest chose MSI, so that INTx stays silent. */
  get enabled(): boolean {
    return this.#at !== 0 && (this.control & MsiControl.ENABLE) !== 0;
  }

  private get control(): number {
    return this.#function.configRead(this.#at + MsiReg.CONTROL, 2);
  }

  /** Sends message `vector`, or remembers it while it is masked. Vectors beyond those that the guest granted share the last bits. */
  notify(vector: number): void {
    if (!this.enabled) return;
    const granted = 1 << Math.min((this.control >>> MsiControl.MULTIPLE_ENABLE_SHIFT) & 7, Math.log2(this.#layout.vectors));
    const number = vector & (granted - 1);
    if (this.#layout.maskable === true && (this.#function.configRead(this.#at + MsiReg.MASK, 4) & bit(number)) !== 0) {
      this.setPending(this.pending | bit(number));
      return;
    }
    const data = this.#function.configRead(this.#at + MsiReg.DATA, 2);
    this.#function.sendMessage(
      this.#function.configRead(this.#at + MsiReg.ADDRESS, 4),
      this.#function.configRead(this.#at + MsiReg.ADDRESS_HIGH, 4),
      (data & ~(granted - 1)) | number,
    );
  }

  /** Sends what was masked and no longer is. */
  flush(): void {
    if (!this.enabled || this.#layout.maskable !== true) return;
    const ready = this.pending & ~this.#function.configRead(this.#at + MsiReg.MASK, 4);
    if (ready === 0) return;
    this.setPending(this.pending & ~ready);
    for (let i = 0; i < this.#layout.vectors; i++) if ((ready & bit(i)) !== 0) this.notify(i);
  }

  private get pending(): number {
    return this.#function.configRead(this.#at + MsiReg.PENDING, 4);
  }

  private setPending(value: number): void {
    const { config } = this.#function.state;
    new DataView(config.buffer, config.byteOffset).setUint32(this.#at + MsiReg.PENDING, value >>> 0, true);
  }
}

/** Message control of MSI-X (capability + 2). */
const MsixControl = { FUNCTION_MASK: bit(14), ENABLE: bit(15) } as const;
const MsixReg = { CONTROL: 2, TABLE: 4, PENDING: 8 } as const;
/** A table entry: four words. */
const Entry = { ADDRESS: 0, ADDRESS_HIGH: 1, DATA: 2, CONTROL: 3, WORDS: 4 } as const;
const ENTRY_MASKED = bit(0);
/** For drivers' "no vector" (virtio's 0xffff): `notify` ignores it. */
const MAX_VECTORS = 2048;

export class Msix {
  readonly #function: Function;
  #at = 0;
  #tableOffset = 0;
  #pendingOffset = 0x800;
  #region: IoRegion | undefined;
  vectors = 0;

  constructor(owner: object) {
    this.#function = owner as Function;
  }

  /** Writes the capability into a configuration template and makes the BAR's region. */
  place(layout: MsixLayout, at: number, template: Uint8Array, writeMask: Uint8Array): void {
    if (layout.vectors < 1 || layout.vectors > MAX_VECTORS) {
      throw new DeviceError(`${this.#function.name}: ${layout.vectors} MSI-X vectors; a function has 1 to ${MAX_VECTORS}`);
    }
    this.#at = at;
    this.vectors = layout.vectors;
    this.#tableOffset = layout.tableOffset ?? 0;
    this.#pendingOffset = layout.pendingOffset ?? 0x800;
    const header = new DataView(template.buffer);
    header.setUint16(at + MsixReg.CONTROL, layout.vectors - 1, true);
    header.setUint32(at + MsixReg.TABLE, this.#tableOffset | layout.bar, true);
    header.setUint32(at + MsixReg.PENDING, this.#pendingOffset | layout.bar, true);
    new DataView(writeMask.buffer).setUint16(at + MsixReg.CONTROL, MsixControl.ENABLE | MsixControl.FUNCTION_MASK, true);
    this.#region = {
      name: `${this.#function.name} MSI-X`,
      size: layout.barSize ?? 0x1000,
      access: { min: 4, max: 4 },
      read: (offset) => this.readTable(offset),
      write: (offset, _bytes, value) => this.writeTable(offset, value),
    };
  }

  /** The BAR's contents. */
  get region(): IoRegion {
    return this.#region!;
  }

  /** Every vector masked, as the specification has it after reset. */
  initialTable(): Uint32Array {
    const table = new Uint32Array(this.vectors * Entry.WORDS);
    for (let i = 0; i < this.vectors; i++) table[i * Entry.WORDS + Entry.CONTROL] = ENTRY_MASKED;
    return table;
  }

  /** Whether the guest chose MSI-X, so that INTx stays silent. */
  get enabled(): boolean {
    return this.#at !== 0 && (this.control & MsixControl.ENABLE) !== 0;
  }

  private get control(): number {
    return this.#function.configRead(this.#at + MsixReg.CONTROL, 2);
  }

  /** Sends message `vector`, or marks it pending while it is masked. Ignores vectors the table lacks (virtio's "none"). */
  notify(vector: number): void {
    if (!this.enabled || vector >= this.vectors) return;
    const { msixTable, msixPending } = this.#function.state;
    const entry = vector * Entry.WORDS;
    const masked = (this.control & MsixControl.FUNCTION_MASK) !== 0 || (msixTable[entry + Entry.CONTROL]! & ENTRY_MASKED) !== 0;
    if (masked) {
      msixPending[vector >>> 5]! |= bit(vector & 31);
      return;
    }
    this.#function.sendMessage(msixTable[entry + Entry.ADDRESS]!, msixTable[entry + Entry.ADDRESS_HIGH]!, msixTable[entry + Entry.DATA]!);
  }

  /** Sends what was masked and no longer is. */
  flush(): void {
    if (!this.enabled || (this.control & MsixControl.FUNCTION_MASK) !== 0) return;
    const { msixPending } = this.#function.state;
    for (let word = 0; word < msixPending.length; word++) {
      if (msixPending[word] !== 0) this.flushWord(word);
    }
  }

  private flushWord(word: number): void {
    const { msixTable, msixPending } = this.#function.state;
    for (let i = 0; i < 32; i++) {
      const vector = word * 32 + i;
      if ((msixPending[word]! & bit(i)) === 0 || vector >= this.vectors) continue;
      if ((msixTable[vector * Entry.WORDS + Entry.CONTROL]! & ENTRY_MASKED) !== 0) continue;
      msixPending[word]! &= ~bit(i);
      this.notify(vector);
    }
  }

  private readTable(offset: number): number {
    const { msixTable, msixPending } = this.#function.state;
    const inTable = offset - this.#tableOffset;
    if (inTable >= 0 && inTable < msixTable.length * 4) return msixTable[inTable >>> 2]!;
    const inPending = offset - this.#pendingOffset;
    if (inPending >= 0 && inPending < msixPending.length * 4) return msixPending[inPending >>> 2]!;
    return 0;
  }

  private writeTable(offset: number, value: number): void {
    const { msixTable } = this.#function.state;
    const inTable = offset - this.#tableOffset;
    if (inTable < 0 || inTable >= msixTable.length * 4) return; // the pending bits are read-only
    const word = inTable >>> 2;
    msixTable[word] = (word & 3) === Entry.CONTROL ? value & ENTRY_MASKED : (word & 3) === Entry.ADDRESS ? value & ~3 : value;
    this.flush();
  }
}
