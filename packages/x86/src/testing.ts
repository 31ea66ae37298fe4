/** What tests of other packages need: floating-point cases with the processor's answers, recorded and fresh. */
export { corpora as fpuCases } from './fpu/testing/cases.ts';
export { mismatches, onHardware, startStates, type Case as FpuCase } from './fpu/testing/compare.ts';
export { loadCorpus as loadFpuCorpus } from './fpu/testing/corpus.ts';
export { hardware as fpuHardware, type Hardware as FpuHardware } from './fpu/testing/hardware.ts';
export { MEMORY_BYTES as FPU_MEMORY_BYTES, Record as FpuRecord, RECORD_BYTES as FPU_RECORD_BYTES } from './fpu/testing/record.ts';
export { FpuImage } from './fpu/environment.ts';
