/**
 * One line that is typed on a terminal: arrow keys, Home, End, Delete, Ctrl-U, Ctrl-K, Ctrl-W, Ctrl-C, and the lines before it by the up and down keys. Key codes as
 * terminals send them (ECMA-48 and xterm's control sequences: CSI A to D, F, H, CSI 1~ to 4~).
 */

const Key = { CTRL_C: 3, CTRL_E: 5, BACKSPACE: 8, NEWLINE: 10, CTRL_K: 11, ENTER: 13, CTRL_U: 0x15, CTRL_W: 0x17, ESCAPE: 0x1b, DELETE: 0x7f } as const;
const [BRACKET, LETTER_O] = [0x5b, 0x4f];
/** Lines that the up key finds. */
const HISTORY = 100;

/** Control sequences by what follows the ESC. */
const SEQUENCES: Readonly<Record<string, 'up' | 'down' | 'left' | 'right' | 'home' | 'end' | 'delete'>> = {
  '[A': 'up', '[B': 'down', '[C': 'right', '[D': 'left', '[H': 'home', '[F': 'end', OA: 'up', OB: 'down', OC: 'right', OD: 'left', OH: 'home', OF: 'end',
  '[1~': 'home', '[7~': 'home', '[4~': 'end', '[8~': 'end', '[3~': 'delete',
};

export class LineEditor {
  readonly #print: (text: string) => void;
  readonly #enter: (line: string) => void;
  readonly #prompt: string;
  #line = '';
  /** Where the next key goes. */
  #at = 0;
  /** What followed an ESC so far; undefined outside of a sequence. */
  #sequence: string | undefined;
  readonly #history: string[] = [];
  /** Index of the shown line in the history; its length is the line that is being typed. */
  #shown = 0;
  #typed = '';

  /** @param enter takes a line that was finished; the prompt is printed behind what it prints. */
  constructor(prompt: string, print: (text: string) => void, enter: (line: string) => void) {
    this.#prompt = prompt;
    this.#print = print;
    this.#enter = enter;
  }

  /** Shows the prompt and what is typed so far, at the start of a line. */
  show(): void {
    this.#print(this.#prompt + this.#line + '\b'.repeat(this.#line.length - this.#at));
  }

  /** Typed bytes. */
  type(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#sequence !== undefined) this.#inSequence(byte);
      else this.#key(byte);
    }
  }

  #key(byte: number): void {
    const before = this.#line.slice(0, this.#at), behind = this.#line.slice(this.#at);
    switch (byte) {
      case Key.ENTER: case Key.NEWLINE: return this.#finish();
      case Key.BACKSPACE: case Key.DELETE: return this.#change(before.slice(0, -1), behind);
      case Key.CTRL_U: return this.#change('', behind);
      case Key.CTRL_K: return this.#change(before, '');
      case Key.CTRL_W: return this.#change(before.replace(/\S*\s*$/, ''), behind);
      case Key.CTRL_C: return this.#change('', '');
      case Key.CTRL_E: return this.#move(this.#line.length);
      case Key.ESCAPE:
        this.#sequence = '';
        return;
      default:
        if (byte >= 0x20 && byte < Key.DELETE) this.#change(before + String.fromCharCode(byte), behind);
    }
  }

  /** A sequence is ESC O and a letter, or ESC [, parameters, and a byte from 0x40 on. Those that mean nothing here do nothing. */
  #inSequence(byte: number): void {
    const first = this.#sequence === '';
    this.#sequence += String.fromCharCode(byte);
    if (first ? byte === BRACKET || byte === LETTER_O : byte < 0x40) return;
    const what = SEQUENCES[this.#sequence!];
    this.#sequence = undefined;
    if (what === 'up') this.#recall(this.#shown - 1);
    else if (what === 'down') this.#recall(this.#shown + 1);
    else if (what === 'left') this.#move(this.#at - 1);
    else if (what === 'right') this.#move(this.#at + 1);
    else if (what === 'home') this.#move(0);
    else if (what === 'end') this.#move(this.#line.length);
    else if (what === 'delete') this.#change(this.#line.slice(0, this.#at), this.#line.slice(this.#at + 1));
  }

  #finish(): void {
    const line = this.#line;
    if (line.trim() !== '' && line !== this.#history.at(-1)) this.#history.push(line);
    if (this.#history.length > HISTORY) this.#history.shift();
    this.#shown = this.#history.length;
    this.#line = this.#typed = '';
    this.#at = 0;
    this.#print('\n');
    this.#enter(line);
    this.show();
  }

  #recall(index: number): void {
    if (index < 0 || index > this.#history.length) return;
    if (this.#shown === this.#history.length) this.#typed = this.#line;
    this.#shown = index;
    this.#change(this.#history[index] ?? this.#typed, '');
  }

  #move(to: number): void {
    if (to < 0 || to > this.#line.length) return;
    this.#print(to < this.#at ? '\b'.repeat(this.#at - to) : this.#line.slice(this.#at, to));
    this.#at = to;
  }

  /** Replaces the line, with the cursor between the two parts. */
  #change(before: string, behind: string): void {
    const same = common(this.#line, before + behind);
    const old = this.#line;
    this.#move(Math.min(this.#at, same));
    this.#line = before + behind;
    const rest = this.#line.slice(this.#at) + ' '.repeat(Math.max(0, old.length - this.#line.length));
    this.#print(rest + '\b'.repeat(this.#at + rest.length - before.length));
    this.#at = before.length;
  }
}

/** Length of what both begin with. */
function common(a: string, b: string): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return n;
}
