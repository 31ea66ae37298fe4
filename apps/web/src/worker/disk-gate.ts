/**
 * Stands between a guest and a disk that comes over the network. When loading fails in spite of retries, the guest's read is held,
 * as QEMU's `rerror=stop` does, until somebody decides to try again or to let it fail. Contents that are wrong are an error at once: the guest
 * never sees them.
 */
import type { BlockBackend } from '@emu/devices';
import type { DiskProblem } from '../protocol.ts';

export type Decision = 'retry' | 'fail';

/** Collects what waits for a decision, of all disks. */
export class Decisions {
  readonly #waiting = new Set<(decision: Decision) => void>();
  #closed = false;

  /** Resolves with the decision; at once with `fail` when the machine is ending. */
  next(): Promise<Decision> {
    if (this.#closed) return Promise.resolve('fail');
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  decide(decision: Decision): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve(decision);
  }

  /** Nothing waits from now on. */
  close(): void {
    this.#closed = true;
    this.decide('fail');
  }
}

export interface GateOptions {
  readonly drive: string;
  readonly decisions: Decisions;
  onProblem(problem: DiskProblem): void;
}

/** `base` with its reads watched. Everything else passes as it is. */
export function gateDisk(base: BlockBackend, options: GateOptions): BlockBackend {
  const { drive, decisions, onProblem } = options;
  return {
    size: base.size,
    readonly: base.readonly,
    async read(offset, into) {
      for (;;) {
        try {
          return await base.read(offset, into);
        } catch (error) {
          const { reason = 'io', message } = error as Error & { reason?: string };
          if (reason === 'closed') throw error;
          const waiting = reason === 'network';
          onProblem({ drive, reason, message, waiting });
          if (!waiting || (await decisions.next()) === 'fail') throw error;
        }
      }
    },
    readSync: base.readSync?.bind(base),
    write: (offset, data) => base.write(offset, data),
    flush: () => base.flush(),
    discard: (offset, length) => base.discard(offset, length),
    writeZeroes: (offset, length) => base.writeZeroes(offset, length),
    close: () => base.close(),
  };
}
