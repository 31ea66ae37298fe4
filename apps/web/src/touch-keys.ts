/** Keys that a phone's keyboard lacks. */
import type { TerminalView } from './terminal.ts';

const typing = (text: string) => (terminal: TerminalView): void => terminal.type(text);
const arrow = (letter: string) => (terminal: TerminalView): void => terminal.arrow(letter);

const KEYS: readonly (readonly [label: string, name: string, press: (terminal: TerminalView) => void])[] = [
  ['Esc', 'Escape', typing('\x1b')], ['Tab', 'Tab', typing('\t')], ['^C', 'Control C', typing('\x03')], ['^D', 'Control D', typing('\x04')],
  ['←', 'Left', arrow('D')], ['↑', 'Up', arrow('A')], ['↓', 'Down', arrow('B')], ['→', 'Right', arrow('C')],
];

export const TOUCH_MARKUP = `<div class="keys" role="toolbar" aria-label="Keys">
  <button type="button" class="ctrl" aria-pressed="false">Ctrl</button>
  ${KEYS.map(([label, name], i) => `<button type="button" data-key="${i}" aria-label="${name}">${label}</button>`).join('')}
</div>`;

export function connectTouchKeys(root: ShadowRoot, terminal: TerminalView): void {
  const bar = root.querySelector('.keys')!;
  const ctrl = bar.querySelector('.ctrl')!;
  const showCtrl = (): void => ctrl.setAttribute('aria-pressed', String(terminal.ctrl));
  terminal.onCtrlUsed = showCtrl;
  ctrl.addEventListener('click', () => {
    terminal.ctrl = !terminal.ctrl;
    showCtrl();
    terminal.focus();
  });
  for (const button of bar.querySelectorAll<HTMLButtonElement>('[data-key]')) {
    button.addEventListener('click', () => {
      KEYS[Number(button.dataset['key'])]![2](terminal);
      terminal.focus();
    });
  }
  bar.addEventListener('pointerdown', (event) => event.preventDefault()); // keeps the keyboard open
}
