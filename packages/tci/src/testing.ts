/** For tests of back ends: the reference, the cases derived from the op table, and a rig to run IR on. */
export { comparable, inputsOf, opCases, SHUFFLES, unspecified } from './op-cases.ts';
export type { OpCase } from './op-cases.ts';
export { listIr, randomIr } from './random-ir.ts';
export type { RandomHelpers, RandomOptions } from './random-ir.ts';
export { Reference } from './reference.ts';
export type { ReferenceMemory, ReferenceOptions, Value } from './reference.ts';
export { Rig } from './rig.ts';
export type { Parts } from './rig.ts';
