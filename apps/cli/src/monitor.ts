/** A small monitor behind Ctrl-A c: QEMU's commands for stopping, resetting and looking at the machine. */
import { registersText, type Machine } from '@emu/machine';
import { LineEditor } from './line-editor.ts';
import { statsText } from './stats.ts';

export const KEYS_HELP = `Ctrl-A h    print this help
Ctrl-A x    exit emulator
Ctrl-A b    send break
Ctrl-A c    switch between console and monitor
Ctrl-A Ctrl-A  send Ctrl-A`;

const HELP = `help                 this list
info status          whether the machine runs
info registers       the processor's registers
info stats           speed and where time went
stop, cont           stop and go on
system_reset         press the reset button
system_powerdown     press the power button
quit                 end the emulator`;

export class Monitor {
  /** Where output goes; the terminal sets it. */
  print: (text: string) => void = () => {};
  machine: Machine | undefined;
  readonly #line = new LineEditor('(emu) ', (text) => this.print(text), (line) => this.print(this.command(line)));
  #greeted = false;

  /** The user switched to the monitor. */
  open(): void {
    this.print(`\n${this.#greeted ? '' : 'emu monitor - type "help" for the commands\n'}`);
    this.#greeted = true;
    this.#line.show();
  }

  /** Typed keys. */
  type(bytes: Uint8Array): void {
    this.#line.type(bytes);
  }

  quit(): void {
    void this.machine?.quit();
  }

  /** Runs one command; returns what it prints. */
  command(line: string): string {
    const machine = this.machine;
    const words = line.trim().split(/\s+/).join(' ');
    if (words === '' || !machine) return '';
    switch (words) {
      case 'help': case '?': return `${HELP}\n`;
      case 'info': case 'help info': return `${HELP.split('\n').filter((l) => l.startsWith('info')).join('\n')}\n`;
      case 'info status': return `VM status: ${machine.state}\n`;
      case 'info registers': return `${registersText(machine.cpu)}\n`;
      case 'info stats': return statsText(machine);
      case 'stop': case 's': void machine.pause(); return '';
      case 'cont': case 'c': machine.start(); return '';
      case 'system_reset': machine.reset(); return '';
      case 'system_powerdown': machine.powerDown(); return '';
      case 'quit': case 'q': this.quit(); return '';
      default: return `unknown command: '${words}'; "help" lists the commands\n`;
    }
  }
}
