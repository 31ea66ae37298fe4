/** Debug console: one port that prints what is written to it, and reads 0xe9 so that a guest can tell it is there (Bochs's port 0xe9 hack). */
import { Device, type DeviceEnv } from './device.ts';
import type { IoRegion } from './io-region.ts';
import type { SerialBackend } from './uart.ts';

const PRESENT = 0xe9;

export type DebugConsoleState = Record<string, never>;

export class DebugConsole extends Device<DebugConsoleState> {
  /** Usually at 0xe9, for SeaBIOS and OVMF at 0x402. */
  readonly port: IoRegion;

  constructor(name: string, env: DeviceEnv, backend: SerialBackend) {
    super(name, env);
    this.port = {
      name: 'isa-debugcon',
      size: 1,
      read: () => PRESENT,
      write: (_offset, _bytes, value) => backend.write(Uint8Array.of(value)),
    };
    this.reset();
  }

  protected initial(): DebugConsoleState {
    return {};
  }
}
