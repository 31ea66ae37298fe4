/** What the compiler did. */
export class JitStats {
  /** Regions, TBs in them (a TB may be in several), guest instructions and bytes, bytes of Wasm, modules. */
  regions = 0;
  tbs = 0;
  insns = 0;
  guestBytes = 0;
  wasmBytes = 0;
  modules = 0;
  readonly regionsByTier: number[] = [];
  readonly tbsByTier: number[] = [];
  /** Hot TBs reported, and those that an earlier region of the batch had taken in. */
  hot = 0;
  absorbed = 0;
  /** Regions thrown away because a TB of theirs became invalid, to make room, and by a flush. */
  invalidated = 0;
  evicted = 0;
  flushed = 0;
  /** Modules that the engine refused, and why the last one. */
  refused = 0;
  lastRefusal = '';
  /** Nanoseconds on this thread: selecting and emitting, and compiling and instantiating as far as it is not done elsewhere. */
  emitNs = 0;
  compileNs = 0;
}
