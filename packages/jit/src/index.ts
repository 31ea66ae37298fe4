export { JitError } from './errors.ts';
export type { GuestMemory } from './frame.ts';
export { Jit } from './jit.ts';
export type { JitOptions } from './jit.ts';
export { JitStats } from './stats.ts';
