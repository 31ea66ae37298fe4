/** State, speed, disk and download activity of a machine, in one line. */
import { bytesText, rates, speedText, timeText, type Rates } from './format.ts';
import type { MachineState, Stats } from './protocol.ts';

const figure = (name: string, label: string, title: string, lamp = false): string =>
  `<span class="figure ${name}" title="${title}" hidden>${lamp ? '<i class="lamp"></i>' : ''}${label}<b></b></span>`;

export const STATUS_MARKUP = `
<div class="status" part="status" data-state="off" role="group" aria-label="Status">
  <span class="state" role="status">Off</span>
  ${figure('speed', '', 'Guest instructions a second while the guest runs, in millions')}
  ${figure('disk', 'Disk', 'What the guest has read from and written to its disks', true)}
  ${figure('net', 'Loaded', 'What this page has downloaded for the guest', true)}
  ${figure('time', 'Up', 'Time in the guest since power-on')}
  <span class="chips"><button type="button" class="size"></button><button type="button" class="writes" title="Where the guest's writes go"></button></span>
</div>`;

const STATES: Record<MachineState, string> = { off: 'Off', loading: 'Loading', running: 'Running', paused: 'Paused' };

export class StatusBar {
  readonly #bar: HTMLElement;
  #last: Stats | undefined;

  constructor(root: ShadowRoot, onWrites: () => void, onSize: () => void) {
    this.#bar = root.querySelector('.status')!;
    this.#bar.querySelector('.size')!.addEventListener('click', onSize);
    this.#bar.querySelector('.writes')!.addEventListener('click', onWrites);
  }

  state(state: MachineState): void {
    this.#bar.dataset['state'] = state;
    this.#bar.querySelector('.state')!.textContent = STATES[state];
    if (state === 'off' || state === 'loading') this.#last = undefined;
    if (state !== 'running') this.#figure('.speed').hidden = true;
  }

  size(columns: number, rows: number): void {
    const button = this.#bar.querySelector<HTMLButtonElement>('.size')!;
    button.textContent = `${columns} × ${rows}`;
    button.title = `Tell the guest's shell how large the terminal is: types stty rows ${rows} cols ${columns}`;
  }

  /** Whether the guest's writes are kept. */
  writes(kept: boolean): void {
    this.#bar.querySelector('.writes')!.textContent = kept ? 'Disk is kept' : 'Temporary disk';
  }

  stats(now: Stats): void {
    const before = this.#last ?? now;
    this.#last = now;
    const rate = rates(before, now);
    this.#speed(rate);
    this.#show('.disk', now.diskReadBytes + now.diskWrittenBytes > 0, `${bytesText(now.diskReadBytes)} read, ${bytesText(now.diskWrittenBytes)} written`);
    this.#lamp('.disk', rate.readBytes + rate.writtenBytes > 0);
    this.#show('.net', now.downloadedBytes > 0 || now.requestsUnderWay > 0, bytesText(now.downloadedBytes));
    this.#lamp('.net', rate.downloadedBytes > 0 || now.requestsUnderWay > 0);
    this.#show('.time', now.guestMs > 0, timeText(now.guestMs));
  }

  #speed(rate: Rates): void {
    if (this.#bar.dataset['state'] === 'running') this.#show('.speed', true, speedText(rate));
  }

  #figure(selector: string): HTMLElement {
    return this.#bar.querySelector<HTMLElement>(selector)!;
  }

  #show(selector: string, shown: boolean, text: string): void {
    const element = this.#figure(selector);
    element.hidden = !shown;
    element.querySelector('b')!.textContent = text;
  }

  #lamp(selector: string, on: boolean): void {
    this.#figure(selector).querySelector('.lamp')!.classList.toggle('on', on);
  }
}
