/** isa-debug-exit: a write ends the emulation with a status that the guest chose. As QEMU's device of that name. */
import { Device, type DeviceEnv } from './device.ts';
import type { IoRegion } from './io-region.ts';

export type DebugExitState = Record<string, never>;

export class DebugExit extends Device<DebugExitState> {
  /** Usually at 0x501. */
  readonly ports: IoRegion;

  /** `exit` hears the process status for a written value: `(value << 1) | 1`, so never 0. `size` is QEMU's `iosize`: 1, 2 or 4 ports. */
  constructor(env: DeviceEnv, exit: (status: number) => void, size: 1 | 2 | 4 = 2) {
    super('isa-debug-exit', env);
    this.ports = {
      name: 'isa-debug-exit',
      size,
      read: () => 0,
      write: (_offset, _bytes, value) => exit(((value << 1) | 1) >>> 0),
    };
    this.reset();
  }

  protected initial(): DebugExitState {
    return {};
  }
}
