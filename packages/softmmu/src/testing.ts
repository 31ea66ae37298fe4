export { accessModule } from './testing/access-module.ts';
export type { AccessModule } from './testing/access-module.ts';
export { flatMemory } from './testing/flat-memory.ts';
export type { FlatMemoryOptions } from './testing/flat-memory.ts';
export { flatWalk, NaiveMmu } from './testing/naive-mmu.ts';
export type { Mapping, NaiveFault } from './testing/naive-mmu.ts';
export { GuestFault, makeRig } from './testing/rig.ts';
export type { Rig, RigOptions } from './testing/rig.ts';
