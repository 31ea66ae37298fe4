/** For those who embed machines: small guests, and the behaviour that every host of a machine must show. */
export { behaviours, type BehaviourCase } from './testing/behaviour.ts';
export { EXIT_PORT, GuestCode } from './testing/guest-code.ts';
