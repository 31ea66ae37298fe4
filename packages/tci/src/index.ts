export { TciError } from './errors.ts';
export type { Emitter } from './emit.ts';
export type { GuestAccess, GuestCase } from './guest-access.ts';
export { Tci } from './tci.ts';
export type { TciOptions } from './tci.ts';
