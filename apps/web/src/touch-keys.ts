/** Keys that a phone's keyboard lacks. */
import type { TerminalView } from './terminal.ts';

const KEYS: readonly (readonly [label: string, name: string, sequence: string])[] = [
  ['Esc', 'Escape', '\x1b'], ['Tab', 'Tab', '\t'], ['^C', 'Control C', '\x03'], ['^D', 'Control D', '\x04'],
  ['←', 'Left', '\x1b[D'], ['↑', 'Up', '\x1b[A'], ['↓', 'Down', '\x1b[B'], ['→', 'Right', '\x1b[C'],
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
      terminal.type(KEYS[Number(button.dataset['key'])]![2]);
      terminal.focus();
    });
  }
  bar.addEventListener('pointerdown', (event) => event.preventDefault()); // keeps the keyboard open
}
