export { TciError } from './errors.ts';
export type { GuestMemory } from './guest-access.ts';
export { Tci } from './tci.ts';
export type { TciOptions } from './tci.ts';
