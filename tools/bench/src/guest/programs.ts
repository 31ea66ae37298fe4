/** The benchmark programs as data. What each does is said in `programs/NAME.c`. */

export const CLASSES = ['integer', 'calls', 'memory', 'sse', 'x87', 'system', 'micro', 'short-lived'] as const;
export type ProgramClass = (typeof CLASSES)[number];

export interface Program {
  readonly name: string;
  readonly class: ProgramClass;
  /** Source: `programs/SOURCE.c`. */
  readonly source: string;
  /** Compiled for the x87 only, which is done for 32 bits. */
  readonly x87?: boolean;
  /** Units in a run, where the first run is of interest for itself; else as many as take the wanted time. */
  readonly units?: number;
  /** Name of the generated assembly that goes with it. */
  readonly generated?: 'dispersed' | 'cold';
}

const of = (cls: ProgramClass, ...sources: string[]): Program[] => sources.map((source) => ({ name: source, class: cls, source }));
const FLOAT = ['nbody', 'fft', 'mandelbrot', 'matmul'];

export const PROGRAMS: readonly Program[] = [
  ...of('integer', 'sieve', 'crc32', 'sha256', 'quicksort', 'hashmap', 'strsearch', 'bytecode', 'lz'),
  ...of('calls', 'fib', 'virtual'),
  ...of('memory', 'chase', 'memcpy', 'repmovs', 'transpose'),
  ...of('sse', ...FLOAT),
  ...FLOAT.map((source): Program => ({ name: `${source}-x87`, class: 'x87', source, x87: true })),
  ...of('system', 'getpid', 'readwrite', 'pipe', 'switch', 'pagefault', 'fork', 'exec'),
  ...of('micro', 'block1', 'block2', 'block4', 'callret', 'jump', 'load'),
  { name: 'dispersed', class: 'micro', source: 'dispersed', generated: 'dispersed' },
  { name: 'cold', class: 'short-lived', source: 'cold', generated: 'cold', units: 1 },
  { name: 'shell', class: 'short-lived', source: 'shell', units: 10 },
];

/** What runs on a guest of so many bits: x87 programs are 32-bit ones. */
export function programsOf(bits: 64 | 32): readonly Program[] {
  return PROGRAMS.filter((program) => bits === 32 || !program.x87);
}
