/**
 * i440FX host bridge, function 0 of slot 0. Intel 82441FX (PMC) data sheet. Modelled: identity and the PAM registers, which say for each
 * piece of 0xc0000..0xfffff whether reads and writes go to RAM or to the bus. The other registers keep what is written (the DRAM they
 * set up needs no setting up); SMRAM is kept and has no effect, since there is no system management mode.
 */
import { bit } from './bits.ts';
import type { DeviceEnv } from './device.ts';
import { PciDevice, type PciState } from './pci-device.ts';

/** PAM0 and SMRAM; PAM1..6 follow PAM0. */
const Reg = { DRAMC: 0x57, PAM0: 0x59, PAM_END: 0x60, SMRAM: 0x72 } as const;
/** A half of a PAM register. */
const Pam = { READ: bit(0), WRITE: bit(1) } as const;
const SMRAM = { D_OPEN: bit(6) } as const;
const SEGMENTS = 13;

/** One piece of the memory that the PAM registers steer. */
export interface PamSegment {
  readonly address: number;
  readonly size: number;
  /** Reads come from RAM, else from the bus (ROM). */
  readonly readRam: boolean;
  /** Writes go to RAM, else to the bus. */
  readonly writeRam: boolean;
}

export type HostBridgeState = PciState;

export class I440fxHostBridge extends PciDevice<HostBridgeState> {
  readonly #pamChanged: ((segment: PamSegment) => void) | undefined;
  /** What the machine was told last, per segment. */
  readonly #shown = new Uint8Array(SEGMENTS);

  /** `pamChanged` hears of every segment whose steering changes. All start on the bus. */
  constructor(env: DeviceEnv, pamChanged?: (segment: PamSegment) => void) {
    super('i440fx', env, { vendorId: 0x8086, deviceId: 0x1237, revision: 2, classCode: 0x060000, subsystemVendorId: 0x1af4, subsystemId: 0x1100 });
    this.#pamChanged = pamChanged;
    this.writeMask.fill(0xff, 0x40);
    this.template[Reg.DRAMC] = 0x40;
    this.template[Reg.SMRAM] = 0x02;
    this.reset();
  }

  protected initial(): HostBridgeState {
    return this.initialPci();
  }

  /** The thirteen segments: 0xf0000 (64 KB), then 16 KB each from 0xc0000. */
  get segments(): PamSegment[] {
    return Array.from({ length: SEGMENTS }, (_, n) => this.segment(n));
  }

  private segment(n: number): PamSegment {
    const bits = this.pamBits(n);
    return {
      address: n === 0 ? 0xf_0000 : 0xc_0000 + (n - 1) * 0x4000,
      size: n === 0 ? 0x1_0000 : 0x4000,
      readRam: (bits & Pam.READ) !== 0,
      writeRam: (bits & Pam.WRITE) !== 0,
    };
  }

  /** PAM0 has only its high half, for the BIOS area. */
  private pamBits(n: number): number {
    const half = n === 0 ? 1 : n + 1;
    return (this.state.config[Reg.PAM0 + (half >>> 1)]! >>> ((half & 1) * 4)) & (Pam.READ | Pam.WRITE);
  }

  protected override configWritten(offset: number, bytes: number): void {
    if (offset <= Reg.SMRAM && offset + bytes > Reg.SMRAM && (this.state.config[Reg.SMRAM]! & SMRAM.D_OPEN) !== 0) {
      this.unimp('SMRAM opened: there is no system management mode');
    }
  }

  protected override update(): void {
    super.update();
    for (let n = 0; n < SEGMENTS; n++) {
      const bits = this.pamBits(n);
      if (bits === this.#shown[n]) continue;
      this.#shown[n] = bits;
      this.#pamChanged?.(this.segment(n));
    }
  }
}
