/** What the screen shows of a machine that has not been started: a button, and what it will boot. */
import { icon } from './icons.ts';
import { memoryMiB, optionValue } from './settings.ts';
import { bytesText } from './format.ts';

export const POSTER_MARKUP = `
<div class="poster" part="poster" hidden><button type="button" class="go">${icon('start')}<span>Start the machine</span></button><p class="about"></p></div>`;

export class Poster {
  readonly #poster: HTMLElement;

  constructor(root: ShadowRoot, onStart: () => void) {
    this.#poster = root.querySelector('.poster')!;
    this.#poster.querySelector('.go')!.addEventListener('click', onStart);
  }

  get shown(): boolean {
    return !this.#poster.hidden;
  }

  show(shown: boolean, argv: readonly string[]): void {
    this.#poster.hidden = !shown;
    this.describe(argv);
  }

  /** What these arguments boot, in a line. */
  describe(argv: readonly string[]): void {
    const drive = optionValue(argv, 'drive')?.match(/(?:^|,)file=((?:[^,]|,,)*)/)?.[1]?.replaceAll(',,', ',');
    const words = [optionValue(argv, 'kernel'), drive, `${bytesText(memoryMiB(optionValue(argv, 'm')) * 2 ** 20)} of memory`.replaceAll(' ', '\u00a0')];
    this.#poster.querySelector('.about')!.textContent = argv.length === 0 ? '' : words.filter((word) => word !== undefined).join(' \u00b7 ');
  }
}
