/** What keeps a benchmark from running, in one line that says what to do. */
export class BenchError extends Error {
  override readonly name = 'BenchError';
}
