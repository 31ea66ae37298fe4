/** For other people's pages: importing this module defines `<emu-machine>`; the classes are for those who want more than the element. */
import { EmuMachineElement } from './element.ts';

export { WebMachine, WebMachineError, type LaunchOptions, type WebMachineEvents } from './client.ts';
export { EmuMachineElement, type EmuMachineEvents } from './element.ts';
export type { Message, Action } from './message-bar.ts';
export type {
  Capabilities, DiskProblem, DiskWrites, EndReason, Failure, FileContents, MachineState, NamedFile, Progress, Stats,
} from './protocol.ts';

if (!customElements.get('emu-machine')) customElements.define('emu-machine', EmuMachineElement);

declare global {
  interface HTMLElementTagNameMap {
    'emu-machine': EmuMachineElement;
  }
}
