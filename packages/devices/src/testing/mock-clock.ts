/** Tests call the manual clock a mock. */
export { ManualClock as MockClock } from '../manual-clock.ts';
