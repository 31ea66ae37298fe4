/** Progress of a load, and messages with what can be done about them. */
import { progressText } from './format.ts';
import type { Progress } from './protocol.ts';

export interface Action {
  readonly label: string;
  run(): void;
}

export interface Message {
  readonly text: string;
  /** An error, which is announced at once; else a note. */
  readonly bad?: boolean;
  readonly actions?: readonly Action[];
  /** Goes away after so many ms. */
  readonly forMs?: number;
}

export const PROGRESS_MARKUP = `
<div class="progress" part="progress"><progress aria-label="Loading" max="1"></progress><span class="what"></span></div>`;
export const MESSAGE_MARKUP = `
<div class="message" part="message" role="status"><p class="text"></p><span class="actions"></span></div>`;

/** Loads shorter than this show no bar. */
const QUIET_MS = 150;

export class MessageBar {
  readonly #progress: HTMLElement;
  readonly #message: HTMLElement;
  #shownAt: ReturnType<typeof setTimeout> | undefined;
  #goesAt: ReturnType<typeof setTimeout> | undefined;

  constructor(root: ShadowRoot) {
    this.#progress = root.querySelector('.progress')!;
    this.#message = root.querySelector('.message')!;
  }

  /** Whether an error is shown that waits for an answer. */
  get asking(): boolean {
    return this.#message.matches('.on.bad');
  }

  progress(progress: Progress | null): void {
    if (!progress) {
      clearTimeout(this.#shownAt);
      this.#shownAt = undefined;
      this.#progress.classList.remove('on');
      return;
    }
    this.#shownAt ??= setTimeout(() => this.#progress.classList.add('on'), QUIET_MS);
    const bar = this.#progress.querySelector('progress')!;
    if (progress.totalBytes) bar.value = progress.loadedBytes / progress.totalBytes;
    else bar.removeAttribute('value');
    this.#progress.querySelector('.what')!.textContent = progressText(progress);
  }

  show({ text, bad = false, actions = [], forMs }: Message): void {
    clearTimeout(this.#goesAt);
    this.#message.setAttribute('role', bad ? 'alert' : 'status');
    this.#message.classList.toggle('bad', bad);
    this.#message.classList.add('on');
    this.#message.querySelector('.text')!.textContent = text;
    const all = [...actions, ...(forMs === undefined ? [{ label: 'Dismiss', run: () => {} }] : [])];
    this.#message.querySelector('.actions')!.replaceChildren(...all.map(({ label, run }) => {
      const button = Object.assign(document.createElement('button'), { type: 'button', textContent: label });
      button.addEventListener('click', () => {
        this.hide();
        run();
      });
      return button;
    }));
    if (forMs !== undefined) this.#goesAt = setTimeout(() => this.hide(), forMs);
  }

  hide(): void {
    clearTimeout(this.#goesAt);
    this.#message.classList.remove('on');
    this.#message.querySelector('.text')!.textContent = '';
    this.#message.querySelector('.actions')!.replaceChildren();
  }
}
