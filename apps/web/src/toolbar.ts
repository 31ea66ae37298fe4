/** The buttons of a machine. What each does and says depends on the machine's state. */
import { icon, type IconName } from './icons.ts';
import type { MachineState } from './protocol.ts';

export interface ToolbarActions {
  start(): void;
  pause(): void;
  resume(): void;
  reset(): void;
  /** Asks the guest to turn itself off. */
  askPowerOff(): void;
  /** Cuts the power, or gives up loading. */
  cut(): void;
  copy(): void;
  paste(): void;
}

const button = (id: string, name: IconName, label: string, title: string): string =>
  `<button type="button" id="${id}" title="${title}">${icon(name)}<span>${label}</span></button>`;

export const TOOLBAR_MARKUP = `
<div class="bar" part="toolbar" role="toolbar" aria-label="Machine">
  <slot name="brand"></slot>
  ${button('main', 'start', 'Start', 'Power on')}
  ${button('reset', 'reset', 'Reset', 'Press the reset button')}
  ${button('power', 'power', 'Power off', 'Ask the guest to turn itself off')}
  <span class="gap"></span>
  ${button('copy', 'copy', 'Copy', 'Copy what is selected in the terminal (Ctrl+Shift+C)')}
  ${button('paste', 'paste', 'Paste', 'Type what is on the clipboard (Ctrl+Shift+V)')}
  <slot name="tools"></slot>
</div>`;

const MAIN: Record<MachineState, { label: string; icon: IconName; title: string; action: 'start' | 'pause' | 'resume' | 'cut' }> = {
  off: { label: 'Start', icon: 'start', title: 'Power on', action: 'start' },
  loading: { label: 'Cancel', icon: 'power', title: 'Stop loading', action: 'cut' },
  running: { label: 'Pause', icon: 'pause', title: 'Stop the machine for a while', action: 'pause' },
  paused: { label: 'Resume', icon: 'start', title: 'Let the machine go on', action: 'resume' },
};

export class Toolbar {
  readonly #buttons: Record<'main' | 'reset' | 'power' | 'copy' | 'paste', HTMLButtonElement>;
  readonly #actions: ToolbarActions;
  #state: MachineState = 'off';
  /** The guest has been asked to turn itself off: the next press cuts the power. */
  #armed = false;

  constructor(root: ShadowRoot, actions: ToolbarActions) {
    this.#actions = actions;
    const find = (id: string) => root.querySelector<HTMLButtonElement>(`#${id}`)!;
    this.#buttons = { main: find('main'), reset: find('reset'), power: find('power'), copy: find('copy'), paste: find('paste') };
    const { main, reset, power, copy, paste } = this.#buttons;
    main.classList.add('main');
    main.addEventListener('click', () => actions[MAIN[this.#state].action]());
    reset.addEventListener('click', () => actions.reset());
    power.addEventListener('click', () => this.#power());
    copy.addEventListener('click', () => actions.copy());
    paste.addEventListener('click', () => actions.paste());
    this.selection(false);
    this.show('off');
  }

  /** @param quiet something else on the screen offers the main action. */
  show(state: MachineState, quiet = false): void {
    this.#state = state;
    if (state !== 'running') this.#armed = false;
    const { main, reset, power, paste } = this.#buttons;
    const { label, icon: name, title } = MAIN[state];
    set(main, name, label, title);
    main.classList.toggle('primary', !quiet && (state === 'off' || state === 'paused'));
    const on = state === 'running' || state === 'paused';
    reset.disabled = power.disabled = paste.disabled = !on;
    this.#showPower();
  }

  /** Whether there is something to copy. */
  selection(selected: boolean): void {
    this.#buttons.copy.disabled = !selected;
  }

  focus(): void {
    this.#buttons.main.focus();
  }

  #power(): void {
    if (this.#state === 'paused' || this.#armed) return this.#actions.cut();
    this.#armed = true;
    this.#showPower();
    this.#actions.askPowerOff();
  }

  #showPower(): void {
    const { power } = this.#buttons;
    power.classList.toggle('armed', this.#armed);
    if (this.#armed) set(power, 'power', 'Cut power', 'Turn the machine off as it is; what the guest has not written to its disk is lost');
    else set(power, 'power', 'Power off', this.#state === 'paused' ? 'Turn the machine off as it is' : 'Ask the guest to turn itself off');
  }
}

function set(target: HTMLButtonElement, name: IconName, label: string, title: string): void {
  if (target.title === title && target.textContent?.trim() === label) return;
  target.innerHTML = `${icon(name)}<span>${label}</span>`;
  target.title = title;
}
