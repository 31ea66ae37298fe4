/** pvpanic: the port through which a Linux guest says that it crashed. QEMU's "pvpanic device specification"; ISA variant at 0x505. */
import { bit } from './bits.ts';
import { Device, type DeviceEnv } from './device.ts';
import type { IoRegion } from './io-region.ts';

/** Events; reading the port tells which are understood. */
export const PvpanicEvent = { PANICKED: bit(0), CRASH_LOADED: bit(1) } as const;

export type PvpanicState = Record<string, never>;

export class Pvpanic extends Device<PvpanicState> {
  /** Port 0x505. */
  readonly port: IoRegion;

  /** `event` hears `PvpanicEvent.PANICKED` or `CRASH_LOADED` (the guest's crash kernel takes over). */
  constructor(env: DeviceEnv, event: (event: number) => void) {
    super('pvpanic', env);
    const known = PvpanicEvent.PANICKED | PvpanicEvent.CRASH_LOADED;
    this.port = {
      name: 'pvpanic',
      size: 1,
      read: () => known,
      write: (_offset, _bytes, value) => {
        if ((value & ~known) !== 0) this.guestError(`unknown event ${value}`);
        if ((value & PvpanicEvent.PANICKED) !== 0) event(PvpanicEvent.PANICKED);
        else if ((value & PvpanicEvent.CRASH_LOADED) !== 0) event(PvpanicEvent.CRASH_LOADED);
      },
    };
    this.reset();
  }

  protected initial(): PvpanicState {
    return {};
  }
}
