/** The one error class for misuse by our callers. Guest faults and guest mistakes never become an `Error`. */

/** Says what happened, with which value, and what to do about it. Subclass it per subject; never throw it at a guest. */
export class EmuError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
