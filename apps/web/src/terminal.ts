/** The terminal on the serial port: xterm.js, sized to its box, with copy, paste and a way out for the keyboard. */
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import { TERMINAL_THEMES, type ThemeName } from './theme.ts';

export interface TerminalEvents {
  onInput(bytes: Uint8Array): void;
  onSelection(selected: boolean): void;
  onResize(columns: number, rows: number): void;
  /** Shift-F6: the keyboard's way out of a terminal that takes Tab for itself. */
  onLeave(): void;
}

const SCROLLBACK_LINES = 5000;
/** With less, some fonts lose their underscores. */
const LINE_HEIGHT = 1.15;
/** What is parsed at one go. In a tab that nobody sees, timers are rare and nobody waits. */
const PIECE_BYTES = 4 * 1024;
const HIDDEN_PIECE_BYTES = 64 * 1024;
/** DECTCEM, xterm's control sequences. */
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
/** Latin letters and `@[\]^_` as Ctrl makes them. */
const control = (text: string): string => (/^[@-_a-z]$/i.test(text) ? String.fromCharCode(text.toUpperCase().charCodeAt(0) & 0x1f) : text);

export class TerminalView {
  /** The next character typed is taken with Ctrl: a phone's keyboard has no such key. */
  ctrl = false;
  onCtrlUsed: () => void = () => {};
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #observer: ResizeObserver;
  readonly #events: TerminalEvents;
  readonly #waiting: { readonly bytes: Uint8Array; readonly done: () => void }[] = [];
  #showing = false;
  #used = false;

  constructor(box: HTMLElement, events: TerminalEvents, options: { fontFamily: string; fontSize: number; theme: ThemeName }) {
    this.#events = events;
    const terminal = this.#terminal = new Terminal({
      fontFamily: options.fontFamily, fontSize: options.fontSize, theme: TERMINAL_THEMES[options.theme], lineHeight: LINE_HEIGHT,
      scrollback: SCROLLBACK_LINES, cursorBlink: false /* an animation: browsers make 60 frames a second for it */, macOptionIsMeta: true,
    });
    terminal.loadAddon(this.#fit);
    terminal.open(box);
    terminal.onData((text) => this.#typed(text));
    terminal.onBinary((text) => events.onInput(Uint8Array.from(text, (c) => c.charCodeAt(0))));
    terminal.onSelectionChange(() => events.onSelection(terminal.hasSelection()));
    terminal.onResize(({ cols, rows }) => events.onResize(cols, rows));
    terminal.attachCustomKeyEventHandler((event) => this.#key(event));
    this.#observer = new ResizeObserver(() => this.fit());
    this.#observer.observe(box);
    this.fit();
  }

  get columns(): number {
    return this.#terminal.cols;
  }

  get rows(): number {
    return this.#terminal.rows;
  }

  /** Everything in the buffer, scrolled-out lines included, without trailing blanks. */
  get text(): string {
    const { active } = this.#terminal.buffer;
    const lines: string[] = [];
    for (let y = 0; y < active.length; y++) {
      const line = active.getLine(y)!;
      const text = line.translateToString(true);
      if (line.isWrapped && lines.length > 0) lines[lines.length - 1] += text;
      else lines.push(text);
    }
    return lines.join('\n').trimEnd();
  }

  /** Whether nothing has been printed since it was cleared. */
  get empty(): boolean {
    return !this.#used;
  }

  /** Shows bytes; `done` is called when they are on the screen. The terminal gets one piece at a time: it parses all that it has at one go, and
   *  whatever else the page has to do comes in between. */
  write(bytes: Uint8Array, done: () => void): void {
    this.#used = true;
    this.#waiting.push({ bytes, done });
    if (!this.#showing) this.#next();
  }

  /** An empty terminal, as after power-on. */
  clear(): void {
    for (const { done } of this.#waiting.splice(0)) done();
    this.#terminal.reset();
    this.#terminal.write(SHOW_CURSOR);
    this.#used = false;
  }

  /** There is nobody to type to, until it is cleared. */
  hideCursor(): void {
    this.#terminal.write(HIDE_CURSOR);
  }

  fit(): void {
    this.#fit.fit();
  }

  focus(): void {
    this.#terminal.focus();
  }

  look(options: { theme?: ThemeName; fontSize?: number; screenReader?: boolean }): void {
    const { theme, fontSize, screenReader } = options;
    if (theme) this.#terminal.options.theme = TERMINAL_THEMES[theme];
    if (screenReader !== undefined) this.#terminal.options.screenReaderMode = screenReader;
    if (fontSize !== undefined) this.#terminal.options.fontSize = fontSize;
    this.fit();
  }

  /** Puts the selection on the clipboard. False where nothing is selected or the browser refuses. */
  async copy(): Promise<boolean> {
    const text = this.#terminal.getSelection();
    if (text === '') return false;
    return navigator.clipboard.writeText(text).then(() => true, () => false);
  }

  /** Types what is on the clipboard. False where the browser refuses; then Ctrl-Shift-V or the context menu still work. */
  async paste(): Promise<boolean> {
    const text = await navigator.clipboard?.readText().catch(() => undefined);
    if (text === undefined) return false;
    this.#terminal.paste(text);
    this.focus();
    return true;
  }

  /** As if typed. */
  type(text: string): void {
    this.#terminal.input(text);
  }

  /** An arrow key, `A` to `D`, in the mode that the guest's program has chosen (DECCKM, xterm's control sequences). */
  arrow(letter: string): void {
    this.type(`\x1b${this.#terminal.modes.applicationCursorKeysMode ? 'O' : '['}${letter}`);
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#terminal.dispose();
  }

  /** Shows the next piece; small ones that came one by one are one piece. */
  #next(): void {
    this.#showing = true;
    const most = document.hidden ? HIDDEN_PIECE_BYTES : PIECE_BYTES;
    let count = 0;
    let length = 0;
    while (count < this.#waiting.length && (count === 0 || length + this.#waiting[count]!.bytes.length <= most)) length += this.#waiting[count++]!.bytes.length;
    const pieces = this.#waiting.splice(0, count);
    this.#terminal.write(joined(pieces.map(({ bytes }) => bytes), length), () => {
      for (const { done } of pieces) done();
      setTimeout(() => {
        this.#showing = false;
        if (this.#waiting.length > 0) this.#next();
      });
    });
  }

  #typed(text: string): void {
    const sent = this.ctrl ? control(text) : text;
    if (this.ctrl) {
      this.ctrl = false;
      this.onCtrlUsed();
    }
    this.#events.onInput(new TextEncoder().encode(sent));
  }

  /** False: xterm.js leaves the key alone. */
  #key(event: KeyboardEvent): boolean {
    if (event.type !== 'keydown') return true;
    const { key, ctrlKey, shiftKey, metaKey, altKey } = event;
    if (key === 'F6' && shiftKey) {
      event.preventDefault();
      this.#events.onLeave();
      return false;
    }
    const chord = ctrlKey && shiftKey && !altKey && !metaKey;
    if (chord && key.toUpperCase() === 'C' && this.#terminal.hasSelection()) {
      event.preventDefault();
      void this.copy();
      return false;
    }
    if (chord && key.toUpperCase() === 'V') return false; // the browser pastes
    return true;
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
