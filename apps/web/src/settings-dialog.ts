/** The settings: machine, own files, disk, appearance. What is chosen here edits the page's arguments, and the resulting command line is shown. */
import { FILE_ROLES, type FileRole } from './classify.ts';
import { makeDialog } from './dialog.ts';
import { bytesText } from './format.ts';
import type { OwnFiles } from './own-files.ts';
import type { Preferences } from './preferences.ts';
import { applySettings, commandLine, memoryMiB, optionValue, type Settings } from './settings.ts';

const MEMORY_MIB = [128, 256, 512, 1024, 2048];
const ACCELS = [['tcg', 'Whatever is fastest'], ['tci', 'Interpreter'], ['jit', 'Compiler']] as const;
const ROLES: Record<FileRole, readonly [label: string, hint: string]> = {
  kernel: ['Kernel', 'bzImage, ELF or multiboot'], initrd: ['Initrd', 'initramfs, or multiboot module'], disk: ['Disk', 'raw image of any size'],
};

const fileField = (role: FileRole): string => `<div class="field"><span id="label-${role}">${ROLES[role][0]}</span><span class="file">
  <input type="file" id="own-${role}" aria-labelledby="label-${role}"><label for="own-${role}">Choose</label><output id="name-${role}" for="own-${role}"></output>
  <button type="button" data-drop="${role}" hidden>Remove</button></span></div>`;

const option = ([value, label]: readonly [string, string]): string => `<option value="${value}">${label}</option>`;

const BODY = `
<fieldset><legend>Machine</legend>
  <div class="field"><label for="memory">Memory</label><select id="memory"></select></div>
  <div class="field"><label for="append">Kernel command line</label><textarea id="append" rows="2" spellcheck="false" autocapitalize="off"></textarea></div>
  <div class="field"><label for="accel">Run guest code by</label><select id="accel"></select></div>
</fieldset>
<fieldset><legend>Your own files</legend>${(['kernel', 'initrd', 'disk'] as const).map(fileField).join('')}
  <p class="hint">Or drop them onto the page. They are read where they lie; nothing is uploaded.</p>
</fieldset>
<fieldset><legend>What the guest writes</legend>
  <div class="choices" role="radiogroup" aria-label="What the guest writes">
    <label><input type="radio" name="writes" value="memory"> Forget with this page</label>
    <label><input type="radio" name="writes" value="keep"> Keep in this browser</label>
    <button type="button" id="reset-disk">Reset disk</button>
  </div>
  <p class="hint" id="writes-hint"></p>
</fieldset>
<fieldset><legend>Appearance</legend>
  <div class="field"><label for="theme">Colours</label><select id="theme">${[['auto', 'As the system'], ['light', 'Light'], ['dark', 'Dark']].map((o) => option(o as [string, string])).join('')}</select></div>
  <div class="field"><label for="font-size">Text size</label><select id="font-size">${[['0', 'As the screen suits'], ...[11, 12, 13, 14, 16, 18, 20, 24].map((n) => [`${n}`, `${n} px`])].map((o) => option(o as [string, string])).join('')}</select></div>
  <label class="check"><input type="checkbox" id="screen-reader"> Read the terminal out (screen readers)</label>
</fieldset>
<fieldset><legend>Command line</legend><pre id="command-line" tabindex="0" aria-label="Command line"></pre></fieldset>`;

const FOOTER = `<button value="cancel" formnovalidate>Cancel</button><button value="apply">Apply</button><button class="primary" value="restart">Apply and restart</button>`;

export interface SettingsDialogOptions {
  /** The page's own arguments. */
  readonly base: readonly string[];
  readonly files: OwnFiles;
  /** A kept disk is to be forgotten; the machine may be on. */
  resetDisk(): void;
  /** Appearance changes at once, the machine at its next start. */
  apply(settings: Settings, preferences: Preferences, restart: boolean): void;
}

export class SettingsDialog {
  readonly #dialog: HTMLDialogElement;
  readonly #o: SettingsDialogOptions;
  #canKeep = true;

  constructor(options: SettingsDialogOptions) {
    this.#o = options;
    const dialog = this.#dialog = makeDialog('Settings', 'settings', BODY, FOOTER);
    dialog.addEventListener('input', () => this.#showCommandLine());
    dialog.addEventListener('close', () => { if (dialog.returnValue !== 'cancel' && dialog.returnValue !== '') this.#apply(dialog.returnValue === 'restart'); });
    this.#get('reset-disk').addEventListener('click', () => options.resetDisk());
    for (const role of FILE_ROLES) {
      const input = this.#get<HTMLInputElement>(`own-${role}`);
      input.addEventListener('change', () => this.#choose(role, input.files?.[0]));
      dialog.querySelector(`[data-drop=${role}]`)!.addEventListener('click', () => {
        input.value = '';
        this.#choose(role, undefined);
      });
    }
  }

  /** @param canKeep whether this browser can keep disks; `on` whether the machine is. */
  show(settings: Settings, preferences: Preferences, { canKeep, on }: { readonly canKeep: boolean; readonly on: boolean }): void {
    this.#canKeep = canKeep;
    this.#dialog.querySelector('[value=restart]')!.textContent = on ? 'Apply and restart' : 'Apply and start';
    const argv = applySettings(this.#o.base, settings);
    this.#fillMemory(memoryMiB(optionValue(argv, 'm')));
    this.#get<HTMLTextAreaElement>('append').value = optionValue(argv, 'append') ?? '';
    this.#fillAccel(optionValue(argv, 'accel') ?? 'tcg');
    this.#get<HTMLSelectElement>('theme').value = preferences.theme;
    this.#get<HTMLSelectElement>('font-size').value = String(preferences.fontSize);
    this.#get<HTMLInputElement>('screen-reader').checked = preferences.screenReader;
    this.#showWrites(preferences.keepDisk);
    this.#showFiles();
    this.#showCommandLine();
    this.#dialog.returnValue = '';
    this.#dialog.showModal();
  }

  #get<T extends HTMLElement>(id: string): T {
    return this.#dialog.querySelector<T>(`#${id}`)!;
  }

  #fillMemory(chosen: number): void {
    const sizes = [...new Set([...MEMORY_MIB, chosen])].sort((a, b) => a - b);
    const select = this.#get<HTMLSelectElement>('memory');
    select.innerHTML = sizes.map((size) => option([`${size}M`, bytesText(size * 2 ** 20)])).join('');
    select.value = `${chosen}M`;
  }

  /** @param chosen may be one of the page's that is not in our list: `jit,threshold=1000`. */
  #fillAccel(chosen: string): void {
    const select = this.#get<HTMLSelectElement>('accel');
    const own = optionValue(this.#o.base, 'accel') ?? 'tcg';
    select.replaceChildren(...ACCELS.map(([value, label]) => new Option(label, value)), ...(ACCELS.some(([value]) => value === own) ? [] : [new Option(own, own)]));
    select.value = chosen;
  }

  #showWrites(keep: boolean): void {
    const radio = (value: string) => this.#dialog.querySelector<HTMLInputElement>(`[name=writes][value=${value}]`)!;
    radio('keep').disabled = !this.#canKeep;
    radio(keep && this.#canKeep ? 'keep' : 'memory').checked = true;
    this.#get<HTMLButtonElement>('reset-disk').disabled = !this.#canKeep;
    this.#get('writes-hint').textContent = this.#canKeep
      ? 'Kept disks stay until you reset them or clear the site\'s data. Changing this takes a restart.'
      : 'This browser, or this window (private?), gives pages no storage for disks; writes are forgotten.';
  }

  #choose(role: FileRole, file: File | undefined): void {
    this.#o.files.set(role, file);
    this.#showFiles();
    this.#showCommandLine();
  }

  #showFiles(): void {
    for (const role of FILE_ROLES) {
      const file = this.#o.files.get(role);
      const words = file ? [file.name, bytesText(file.size)] : [ROLES[role][1]];
      this.#get(`name-${role}`).replaceChildren(...words.map((textContent) => Object.assign(document.createElement('span'), { textContent })));
      this.#dialog.querySelector<HTMLElement>(`[data-drop=${role}]`)!.hidden = !file;
    }
  }

  #showCommandLine(): void {
    this.#get('command-line').textContent = commandLine(applySettings(this.#o.base, this.#settings()));
  }

  /** Only what differs from the page's arguments. */
  #settings(): Settings {
    const { base, files } = this.#o;
    const memory = this.#get<HTMLSelectElement>('memory').value;
    const append = this.#get<HTMLTextAreaElement>('append').value.replace(/\s+/g, ' ').trim();
    const accel = this.#get<HTMLSelectElement>('accel').value;
    return {
      ...files.settings,
      ...(memoryMiB(memory) !== memoryMiB(optionValue(base, 'm')) && { memory }),
      ...(append !== (optionValue(base, 'append') ?? '') && { append }),
      ...(accel !== (optionValue(base, 'accel') ?? 'tcg') && { accel }),
    };
  }

  #apply(restart: boolean): void {
    this.#o.apply(this.#settings(), {
      theme: this.#get<HTMLSelectElement>('theme').value as Preferences['theme'],
      fontSize: Number(this.#get<HTMLSelectElement>('font-size').value),
      screenReader: this.#get<HTMLInputElement>('screen-reader').checked,
      keepDisk: this.#dialog.querySelector<HTMLInputElement>('[name=writes][value=keep]')!.checked,
    }, restart);
  }
}
