/** System control port A at 0x92: fast A20 gate and fast reset. IBM PS/2 Hardware Interface Technical Reference, "System control port A". */
import { bit } from './bits.ts';
import { Device, type DeviceEnv } from './device.ts';
import type { IoRegion } from './io-region.ts';

const Port = { RESET: bit(0), A20: bit(1) } as const;

export interface Port92State {
  value: number;
}

export class Port92 extends Device<Port92State> {
  /** High lets address line 20 through; the 8042 has another one, and either is enough. */
  readonly a20 = this.line('a20');
  /** Pulses on a rising reset bit. */
  readonly resetRequest = this.line('reset');
  /** Port 0x92. */
  readonly port: IoRegion = {
    name: 'port92',
    size: 1,
    read: () => this.state.value,
    write: (_offset, _bytes, value) => {
      const asks = (value & ~this.state.value & Port.RESET) !== 0;
      this.state.value = value;
      this.update();
      if (asks) this.resetRequest.pulse();
    },
  };

  constructor(env: DeviceEnv) {
    super('port92', env);
    this.reset();
  }

  protected initial(): Port92State {
    return { value: 0 };
  }

  protected override limits() {
    return { value: 0xff };
  }

  protected override update(): void {
    this.a20.set((this.state.value & Port.A20) !== 0);
  }
}
