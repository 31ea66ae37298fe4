/** A small monitor behind Ctrl-A c: QEMU's commands for stopping, resetting and looking at the machine. */
import { registersText, type Machine } from '@emu/machine';
import { statsText } from './stats.ts';

export const KEYS_HELP = `Ctrl-A h    print this help
Ctrl-A x    exit emulator
Ctrl-A b    send break
Ctrl-A c    switch between console and monitor
Ctrl-A Ctrl-A  send Ctrl-A`;

const PROMPT = '(emu) ';
const HELP = `help                 this list
info status          whether the machine runs
info registers       the processor's registers
info stats           speed and where time went
stop, cont           stop and go on
system_reset         press the reset button
system_powerdown     press the power button
quit                 end the emulator`;

const Key = { ENTER: 0x0d, NEWLINE: 0x0a, BACKSPACE: 0x08, DELETE: 0x7f, CTRL_U: 0x15 } as const;

export class Monitor {
  /** Where output goes; the terminal sets it. */
  print: (text: string) => void = () => {};
  machine: Machine | undefined;
  #line = '';
  #greeted = false;

  /** The user switched to the monitor. */
  open(): void {
    this.print(`\n${this.#greeted ? '' : 'emu monitor - type "help" for the commands\n'}${PROMPT}${this.#line}`);
    this.#greeted = true;
  }

  /** Typed keys. */
  type(bytes: Uint8Array): void {
    for (const byte of bytes) this.#key(byte);
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

  #key(byte: number): void {
    if (byte === Key.ENTER || byte === Key.NEWLINE) {
      const line = this.#line;
      this.#line = '';
      this.print(`\n${this.command(line)}${PROMPT}`);
    } else if (byte === Key.BACKSPACE || byte === Key.DELETE) {
      if (this.#line === '') return;
      this.#line = this.#line.slice(0, -1);
      this.print('\b \b');
    } else if (byte === Key.CTRL_U) {
      this.print('\b \b'.repeat(this.#line.length));
      this.#line = '';
    } else if (byte >= 0x20 && byte < 0x7f) {
      const key = String.fromCharCode(byte);
      this.#line += key;
      this.print(key);
    }
  }
}
