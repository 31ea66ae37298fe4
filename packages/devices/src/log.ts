/** Where devices report what the guest did. The owner of the machine decides what becomes of it (`-d guest_errors,unimp`). */
export interface Log {
  /** The guest did something that the data sheet forbids or leaves undefined: unknown register, bad descriptor. */
  guestError(device: string, message: string): void;
  /** The guest used something that the hardware has and the model lacks. */
  unimp(device: string, message: string): void;
}

/** Says nothing. */
export const silentLog: Log = { guestError() {}, unimp() {} };

/** `0x1f` form for log lines and errors. */
export const hex = (value: number): string => `0x${value.toString(16)}`;
