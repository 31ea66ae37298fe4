/** Counters of the engine: what it did, and where the time went if it is told to measure. */
import { Exit, EXIT_NAMES } from './types.ts';

export class EngineStats {
  /** TBs translated into the store, guest instructions in them, and TBs made to run once. */
  translatedTbs = 0;
  translatedInsns = 0;
  onceTbs = 0;
  /** TBs translated once more for the hot back end. */
  retranslatedTbs = 0;
  invalidatedTbs = 0;
  flushes = 0;
  /** Instructions that wrote to translated code and were run again alone. */
  codeWrites = 0;
  /** Exits of generated code by `Exit` code. */
  readonly exits: number[] = EXIT_NAMES.map(() => 0);
  /** Nanoseconds, counted while `timing` is on. */
  timing = false;
  translateNs = 0;
  executeNs = 0;

  /** Exits by name. */
  get exitsByName(): Record<keyof typeof Exit, number> {
    return Object.fromEntries(EXIT_NAMES.map((name) => [name, this.exits[Exit[name]]!])) as Record<keyof typeof Exit, number>;
  }

  reset(): void {
    Object.assign(this, new EngineStats(), { timing: this.timing });
  }
}
