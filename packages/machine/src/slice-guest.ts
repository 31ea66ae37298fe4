/** The guest CPU as the machine runs it: the engine's view of x86, with a way to end a slice from inside and an eye on translation. */
import type { CodeSource, GuestCpu, Ir, Tb } from '@emu/tcg';

/** Translations between two looks at the host's clock. */
const LOOK_EVERY = 16;

export class SliceGuest implements GuestCpu {
  readonly name: string;
  readonly code: CodeSource;
  /** Called now and then while code is translated, which is slow: whether the slice has had its time. */
  overdue: () => boolean = () => false;
  /** Hears of each translation, for `-d in_asm`. */
  onTranslated: ((tb: Tb, ir: Ir) => void) | undefined;
  readonly #inner: GuestCpu;
  #stop = false;
  #translations = 0;

  constructor(inner: GuestCpu) {
    this.#inner = inner;
    this.name = inner.name;
    this.code = inner.code;
  }

  /** The slice ends at the next chance. The caller also calls `Engine.requestExit`. */
  stop(): void {
    this.#stop = true;
  }

  /** A new slice begins. */
  go(): void {
    this.#stop = false;
  }

  declareGlobals(ir: Ir): void {
    this.#inner.declareGlobals(ir);
  }

  linearPc(out: { lo: number; hi: number }): void {
    this.#inner.linearPc(out);
  }

  translate(ir: Ir, tb: Tb, maxInsns: number): boolean {
    const done = this.#inner.translate(ir, tb, maxInsns);
    if (done) this.onTranslated?.(tb, ir);
    if (++this.#translations % LOOK_EVERY === 0 && this.overdue()) this.#stop = true;
    return done;
  }

  restoreState(tb: Tb, insn: number): void {
    this.#inner.restoreState(tb, insn);
  }

  deliverFault(): boolean {
    return this.#inner.deliverFault();
  }

  exitTb(reason: number): boolean {
    return this.#inner.exitTb(reason);
  }

  pollInterrupt(): boolean {
    return this.#inner.pollInterrupt() && !this.#stop;
  }
}
