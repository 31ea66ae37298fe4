/** A `DeviceEnv` for tests: a mock clock and a log that remembers. */
import type { DeviceEnv } from '../device.ts';
import type { Log } from '../log.ts';
import { MockClock } from './mock-clock.ts';

export class RecordingLog implements Log {
  readonly guestErrors: string[] = [];
  readonly unimplemented: string[] = [];

  guestError(device: string, message: string): void {
    this.guestErrors.push(`${device}: ${message}`);
  }

  unimp(device: string, message: string): void {
    this.unimplemented.push(`${device}: ${message}`);
  }
}

export interface TestEnv extends DeviceEnv {
  readonly clock: MockClock;
  readonly log: RecordingLog;
}

export const testEnv = (startNs = 0): TestEnv => ({ clock: new MockClock(startNs), log: new RecordingLog() });
