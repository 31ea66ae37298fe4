/** The random words behind RDRAND and RDSEED: the host's, or a repeatable series (xorshift32) for deterministic machines. */

const BATCH = 1024;

/** A source of signed 32-bit words. @param seed absent: cryptographic randomness of the host. */
export function randomWords(seed?: number): () => number {
  if (seed !== undefined) {
    let state = seed | 0 || 0x9e37_79b9;
    return () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state;
    };
  }
  const words = new Int32Array(BATCH);
  let next = BATCH;
  return () => {
    if (next === BATCH) {
      crypto.getRandomValues(words);
      next = 0;
    }
    return words[next++]!;
  };
}
