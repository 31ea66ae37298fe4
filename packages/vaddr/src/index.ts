export { EmuError } from './errors.ts';
export { Arena, ArenaError } from './arena.ts';
export type { HostPtr } from './arena.ts';
export { struct } from './struct.ts';
export type { Accessors, Field, FieldType, Fields, Struct } from './struct.ts';
