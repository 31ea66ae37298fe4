/**
 * `<emu-machine>`: a machine with its terminal, buttons and status bar, for any page.
 *
 *     <emu-machine args="-nographic -m 512M -kernel pack/bzImage ..." autostart></emu-machine>
 *
 * Attributes: `args` (a command line as a shell splits it), `base` (what relative names are looked up against), `autostart`, `keep` (a name under
 * which disks are saved in this browser), `theme` (`auto`, `dark`, `light`), `size-word` (a kernel argument that tells the guest how large
 * the terminal is), `bare` (terminal only). Events bubble and have their details in `detail`: `emu-state`, `emu-output`, `emu-problem`, `emu-stats`.
 */
import xtermCss from '@xterm/xterm/css/xterm.css?inline';
import { WebMachine, WebMachineError, type LaunchOptions } from './client.ts';
import elementCss from './element.css?inline';
import { endText } from './format.ts';
import { MESSAGE_MARKUP, MessageBar, PROGRESS_MARKUP, type Message } from './message-bar.ts';
import { Poster, POSTER_MARKUP } from './poster.ts';
import type { DiskProblem, EndReason, Failure, MachineState, NamedFile, Progress, Stats } from './protocol.ts';
import { applySettings, optionValue, splitCommandLine } from './settings.ts';
import { STATUS_MARKUP, StatusBar } from './status-bar.ts';
import { missingInPage } from './support.ts';
import { TerminalView } from './terminal.ts';
import type { ThemeName } from './theme.ts';
import tokensCss from './tokens.css?inline';
import { Toolbar, TOOLBAR_MARKUP } from './toolbar.ts';
import { connectTouchKeys, TOUCH_MARKUP } from './touch-keys.ts';

const MARKUP = `<div class="frame" data-state="off">${TOOLBAR_MARKUP}
<div class="screen blank" part="screen">${PROGRESS_MARKUP}<div class="over">${MESSAGE_MARKUP}</div><div class="terminal"></div>${POSTER_MARKUP}<p class="leave">Shift+F6 leaves the terminal</p></div>${TOUCH_MARKUP}${STATUS_MARKUP}</div>`;

const NO_KEPT_DISKS = 'This browser keeps no disks for this page (a private window, or plain HTTP): what the guest writes is forgotten with the page.';
const DEFAULT_KEEP = 'disk';
const FONT_SIZE = 14;
const PHONE_FONT_SIZE = 12;
/** In CSS pixels; as in element.css. */
const PHONE_WIDTH = 46 * 16;

export interface EmuMachineEvents {
  readonly 'emu-state': { readonly state: MachineState; readonly end?: EndReason };
  readonly 'emu-output': Uint8Array;
  readonly 'emu-problem': Failure;
  readonly 'emu-stats': Stats;
}

export class EmuMachineElement extends HTMLElement {
  static readonly observedAttributes = ['args', 'theme', 'keep'];

  /** The machine without its user interface. */
  readonly machine: WebMachine;
  readonly #root: ShadowRoot;
  readonly #dark = matchMedia('(prefers-color-scheme: dark)');
  #arguments: readonly string[] | undefined;
  #fontSize: number | undefined;
  #screenReader = false;
  /** The user has been asked what becomes of disk reads that wait for the network. */
  #diskWaits = false;
  /** Undo what was connected. */
  readonly #disconnect: (() => void)[] = [];
  #parts: { terminal: TerminalView; toolbar: Toolbar; status: StatusBar; messages: MessageBar; poster: Poster } | undefined;

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    this.machine = new WebMachine();
    for (const name of ['arguments', 'fontSize', 'screenReader'] as const) this.#takeOver(name);
  }

  /** QEMU's arguments; by default those of the attribute `args`. */
  get arguments(): readonly string[] {
    return this.#arguments ?? splitCommandLine(this.getAttribute('args') ?? '');
  }

  set arguments(argv: readonly string[]) {
    this.#arguments = [...argv];
    this.#parts?.poster.describe(argv);
  }

  get state(): MachineState {
    return this.machine.state;
  }

  /** What is in the terminal, scrolled-out lines included. */
  get text(): string {
    return this.#parts?.terminal.text ?? '';
  }

  /** Columns and rows of the terminal. */
  get terminalSize(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = this.#parts!.terminal;
    return { columns, rows };
  }

  /** Font size in CSS pixels; undefined for what suits the screen. */
  set fontSize(px: number | undefined) {
    this.#fontSize = px;
    this.#parts?.terminal.look({ fontSize: this.#suitableFontSize() });
  }

  set screenReader(on: boolean) {
    this.#screenReader = on;
    this.#parts?.terminal.look({ screenReader: on });
  }

  connectedCallback(): void {
    if (this.#parts) return;
    this.#build();
    this.#wire();
    if (this.hasAttribute('autostart')) void this.start();
  }

  disconnectedCallback(): void {
    queueMicrotask(() => { // it may only have been moved
      if (this.isConnected) return;
      for (const undo of this.#disconnect.splice(0)) undo();
      this.#parts?.terminal.dispose();
      this.#parts = undefined;
      this.machine.terminate();
    });
  }

  attributeChangedCallback(name: string): void {
    if (name === 'theme') this.#themeChanged();
    else if (name === 'args') this.#parts?.poster.describe(this.arguments);
    else if (this.state === 'off') this.#parts?.status.writes(this.hasAttribute('keep'));
  }

  /** Makes files known by the names that arguments use. */
  addFiles(files: readonly NamedFile[]): Promise<void> {
    return this.machine.addFiles(files);
  }

  /** Loads and powers on. What goes wrong is shown, and reported by `emu-problem`. Resolves to whether the guest runs. */
  async start(overrides: Partial<LaunchOptions> = {}): Promise<boolean> {
    const { terminal, messages, status } = this.#parts!;
    messages.hide();
    try {
      const missing = missingInPage();
      if (missing.length > 0) throw new WebMachineError({ reason: 'browser', message: missing.join('\n') });
      terminal.clear();
      terminal.focus();
      let options: LaunchOptions = { ...this.#launchOptions(), ...overrides };
      if (options.writes?.kind === 'keep' && !(await this.machine.capabilities()).canKeepDisks) {
        options = { ...options, writes: { kind: 'memory' } };
        messages.show({ text: NO_KEPT_DISKS });
      }
      status.writes(options.writes?.kind === 'keep');
      await this.machine.start(options);
      return true;
    } catch (error) {
      const { reason, message } = error instanceof WebMachineError ? error : { reason: 'emulator', message: (error as Error).message };
      this.#problem({ reason, message });
      return false;
    }
  }

  pause(): Promise<void> { return this.machine.pause(); }
  resume(): Promise<void> { return this.machine.resume(); }
  reset(): Promise<void> { return this.machine.reset(); }
  powerButton(): Promise<void> { return this.machine.powerButton(); }
  quit(): Promise<void> { return this.machine.quit(); }
  send(input: string | Uint8Array): void { this.machine.send(input); }

  /** Types into the guest's shell how large the terminal is: a serial port has no other way to tell. */
  tellSize(): void {
    const { columns, rows } = this.terminalSize;
    this.send(`stty rows ${rows} cols ${columns}\r`);
  }

  override focus(): void {
    this.#parts?.terminal.focus();
  }

  /** Shows a line to the user, with buttons. */
  showMessage(message: Message): void {
    this.#parts?.messages.show(message);
  }

  /** Shows the progress of a load of the page's own; null when it is over. */
  showProgress(progress: Progress | null): void {
    this.#parts?.messages.progress(progress);
  }

  #launchOptions(): LaunchOptions {
    const keep = this.getAttribute('keep');
    return {
      arguments: this.#withSize(this.arguments),
      baseUrl: new URL(this.getAttribute('base') ?? '', document.baseURI).href,
      writes: keep === null ? { kind: 'memory' } : { kind: 'keep', name: keep || DEFAULT_KEEP },
    };
  }

  /** Adds the size of the terminal to the kernel's command line, where the guest is known to look for it. */
  #withSize(argv: readonly string[]): readonly string[] {
    const word = this.getAttribute('size-word');
    if (!word) return argv;
    const { columns, rows } = this.terminalSize;
    return applySettings(argv, { append: `${optionValue(argv, 'append') ?? ''} ${word}=${rows}x${columns}`.trimStart() });
  }

  #build(): void {
    const style = document.createElement('style');
    style.textContent = tokensCss + xtermCss + elementCss;
    const box = document.createElement('div');
    box.style.display = 'contents';
    box.innerHTML = MARKUP;
    this.#root.replaceChildren(style, box);
    this.#themeChanged();
  }

  #wire(): void {
    const { machine } = this;
    const messages = new MessageBar(this.#root);
    const toolbar = new Toolbar(this.#root, {
      start: () => void this.start(),
      pause: () => void machine.pause(),
      resume: () => {
        void machine.resume();
        terminal.focus();
      },
      reset: () => {
        void machine.reset();
        terminal.focus();
      },
      askPowerOff: () => {
        void machine.powerButton();
        messages.show({ text: 'The guest was asked to turn itself off. If it does not listen, press again to cut the power.', forMs: 6000 });
      },
      cut: () => void machine.quit(),
      copy: async () => messages.show(await terminal.copy() ? { text: 'Copied.', forMs: 1500 } : { text: 'The browser did not allow it; use its own copy command.', forMs: 4000 }),
      paste: async () => {
        if (!(await terminal.paste())) messages.show({ text: 'The browser did not allow reading the clipboard; use Ctrl+Shift+V or its own paste command.', forMs: 6000 });
      },
    });
    const status = new StatusBar(this.#root, () => this.#tell('emu-settings', undefined), () => {
      this.tellSize();
      terminal.focus();
    });
    const terminal = this.#terminal(toolbar, status);
    const poster = new Poster(this.#root, () => void this.start());
    this.#parts = { terminal, toolbar, status, messages, poster };
    poster.show(true, this.arguments);
    toolbar.show('off', true);
    terminal.hideCursor();
    status.writes(this.hasAttribute('keep'));
    connectTouchKeys(this.#root, terminal);
    this.#dark.addEventListener('change', this.#themeChanged);
    addEventListener('online', this.#online);
    this.#disconnect.push(() => this.#dark.removeEventListener('change', this.#themeChanged), () => removeEventListener('online', this.#online));
    this.#listen();
  }

  #terminal(toolbar: Toolbar, status: StatusBar): TerminalView {
    const box = this.#root.querySelector<HTMLElement>('.terminal')!;
    const hint = this.#root.querySelector('.leave')!;
    const terminal = new TerminalView(box, {
      onInput: (bytes) => this.machine.send(bytes),
      onSelection: (selected) => toolbar.selection(selected),
      onResize: (columns, rows) => status.size(columns, rows),
      onLeave: () => toolbar.focus(),
    }, { fontFamily: getComputedStyle(this).getPropertyValue('--emu-mono').trim(), fontSize: this.#suitableFontSize(), theme: this.#theme() });
    status.size(terminal.columns, terminal.rows);
    terminal.look({ screenReader: this.#screenReader });
    box.addEventListener('keydown', (event) => { if (event.key === 'Tab') hint.classList.add('on'); });
    hint.addEventListener('transitionend', () => setTimeout(() => hint.classList.remove('on'), 2500));
    return terminal;
  }

  #listen(): void {
    const { machine } = this;
    const on: WebMachine['on'] = (event, listener) => {
      const off = machine.on(event, listener);
      this.#disconnect.push(off);
      return off;
    };
    const { terminal, toolbar, status, messages, poster } = this.#parts!;
    let last: MachineState = 'off';
    on('state', ({ state, end }) => {
      const cancelled = last === 'loading' && end?.reason === 'quit' && terminal.empty;
      last = state;
      poster.show(state === 'off' && terminal.empty, this.arguments);
      toolbar.show(state, poster.shown);
      this.#root.querySelector('.screen')!.classList.toggle('blank', poster.shown);
      status.state(state);
      this.#root.querySelector<HTMLElement>('.frame')!.dataset['state'] = state;
      if (state === 'off') terminal.hideCursor();
      if (state !== 'loading') messages.progress(null);
      if (end && !cancelled) this.#ended(end);
      this.#tell('emu-state', { state, end });
    });
    on('output', (bytes) => {
      const { length } = bytes;
      terminal.write(bytes, () => machine.shown(length));
      this.#tell('emu-output', bytes);
    });
    on('progress', (progress) => messages.progress(machine.state === 'loading' ? progress : null)); // what was cancelled may go on for a moment
    on('stats', (stats) => {
      status.stats(stats);
      this.#tell('emu-stats', stats);
    });
    on('log', (line) => console.debug(line));
    on('trouble', (text) => { if (!messages.asking) messages.show({ text: `Connection trouble: ${text}`, forMs: 8000 }); });
    on('disk', (problem) => this.#diskProblem(problem));
  }

  #ended(end: EndReason): void {
    if (end.reason === 'failed') this.#problem(end.failure);
    else this.#parts!.messages.show({ text: endText(end)!, actions: [{ label: 'Start again', run: () => void this.start() }], forMs: 12_000 });
  }

  #problem(failure: Failure): void {
    const again = { label: 'Try again', run: () => void this.start() };
    const actions = {
      browser: [],
      worker: [],
      locked: [{ label: 'Start with a temporary disk', run: () => void this.start({ writes: { kind: 'memory' } }) }, again],
      base: [
        { label: 'Start with a temporary disk', run: () => void this.start({ writes: { kind: 'memory' } }) },
        { label: 'Reset the disk and start', run: () => void this.resetDisk().then((done) => done && this.start()) },
      ],
    }[failure.reason] ?? [again];
    this.#parts!.messages.show({ text: failure.reason === 'emulator' ? `${failure.message}\nThis is a fault of the emulator.` : failure.message, bad: true, actions });
    this.#tell('emu-problem', failure);
  }

  /** Forgets what was kept under `name`, by default that of the attribute `keep`. Resolves to whether that was possible. */
  async resetDisk(name = this.getAttribute('keep') || DEFAULT_KEEP): Promise<boolean> {
    try {
      await this.machine.resetDisks(name, this.arguments);
      return true;
    } catch (error) {
      this.showMessage({ text: (error as Error).message, bad: true });
      return false;
    }
  }

  #diskProblem(problem: DiskProblem): void {
    const { drive, message, waiting, reason } = problem;
    this.#diskWaits = waiting;
    this.#parts!.messages.show(waiting
      ? {
        text: `The disk ${drive} waits: ${message}`, bad: true, actions: [
          { label: 'Try again', run: () => this.#decideDisk('retry') },
          { label: 'Tell the guest', run: () => this.#decideDisk('fail') },
        ],
      }
      : { text: `The disk ${drive} failed, and the guest was told: ${message}`, bad: true });
    this.#tell('emu-problem', { reason, message });
  }

  /** The network is back: reads that wait for it are made again. */
  readonly #online = (): void => {
    if (!this.#diskWaits) return;
    this.#parts?.messages.hide();
    this.#decideDisk('retry');
  };

  #decideDisk(decision: 'retry' | 'fail'): void {
    this.#diskWaits = false;
    this.machine.decideDisk(decision);
  }

  /** A property that was set before this class was known. */
  #takeOver(name: 'arguments' | 'fontSize' | 'screenReader'): void {
    if (!Object.hasOwn(this, name)) return;
    const { value } = Object.getOwnPropertyDescriptor(this, name)!;
    delete (this as Record<string, unknown>)[name];
    Object.assign(this, { [name]: value as unknown });
  }

  #suitableFontSize(): number {
    return this.#fontSize ?? (this.clientWidth <= PHONE_WIDTH ? PHONE_FONT_SIZE : FONT_SIZE);
  }

  #theme(): ThemeName {
    const wanted = this.getAttribute('theme');
    if (wanted === 'dark' || wanted === 'light') return wanted;
    return this.#dark.matches ? 'dark' : 'light';
  }

  readonly #themeChanged = (): void => {
    const theme = this.#theme();
    this.dataset['theme'] = theme;
    this.#parts?.terminal.look({ theme });
  };

  #tell(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}
