/** What tests of devices need, ours and others': a clock to advance, RAM to master, a log to read, and the device contract. */
export { deviceContract, type ContractSubject } from './testing/contract.ts';
export { MockClock } from './testing/mock-clock.ts';
export { RamMock } from './testing/ram-mock.ts';
export { VirtioDriver, type DriverBuffer, type UsedChain, type VirtioDriverOptions } from './testing/virtio-driver.ts';
export { RecordingLog, testEnv, type TestEnv } from './testing/test-env.ts';
