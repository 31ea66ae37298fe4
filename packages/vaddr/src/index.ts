export { EmuError } from './errors.ts';
