/** The page: one machine that fills the window, configured by `Module`, with settings, help and own files. */
import './embed.ts';
import './page.css';
import { acceptDrops } from './drop.ts';
import type { EmuMachineElement } from './element.ts';
import { helpDialog } from './help-dialog.ts';
import { icon } from './icons.ts';
import { moduleFiles, pageModule, type PageModule } from './module.ts';
import { OwnFiles } from './own-files.ts';
import { loadPreferences, savePreferences, type Preferences } from './preferences.ts';
import { applySettings, type Settings } from './settings.ts';
import { SettingsDialog } from './settings-dialog.ts';

class EmuPage {
  readonly #element: EmuMachineElement;
  readonly #module: PageModule;
  readonly #files = new OwnFiles();
  readonly #dark = matchMedia('(prefers-color-scheme: dark)');
  #settings: Settings = {};
  #preferences: Preferences;
  #canKeep = false;

  constructor(element: EmuMachineElement, module: PageModule) {
    this.#element = element;
    this.#module = module;
    this.#preferences = loadPreferences({ theme: 'auto', fontSize: 0, screenReader: false, keepDisk: module.keepDisk ?? false });
    if (module.sizeWord) element.setAttribute('size-word', module.sizeWord);
    this.#applyPreferences();
    this.#applySettings();
    this.#wire();
  }

  /** Loads the page's files and starts the machine, unless the page wants to wait. */
  async begin(): Promise<void> {
    const { machine } = this.#element;
    machine.capabilities().then(({ canKeepDisks }) => { this.#canKeep = canKeepDisks; }, () => {});
    try {
      const files = await moduleFiles(this.#module, (progress) => this.#element.showProgress(progress));
      if (files.length > 0) await machine.addFiles(files);
    } catch (error) {
      return this.#element.showMessage({ text: (error as Error).message, bad: true });
    }
    if (this.#module.arguments === undefined) {
      return this.#element.showMessage({ text: "This page sets no Module.arguments. Drop a kernel here, or let the page say what to boot.", bad: true });
    }
    if (this.#module.noInitialRun !== true) await this.#element.start();
  }

  #wire(): void {
    const dialog = new SettingsDialog({
      base: this.#module.arguments ?? ['-nographic'],
      files: this.#files,
      resetDisk: () => void this.#resetDisk(),
      apply: (settings, preferences, restart) => void this.#change(settings, preferences, restart),
    });
    const openSettings = (): void => dialog.show(this.#settings, this.#preferences, { canKeep: this.#canKeep, on: this.#element.state !== 'off' });
    const button = (id: string, name: 'settings' | 'help', label: string, open: () => void): void => {
      const element = document.getElementById(id)!;
      element.innerHTML = `${icon(name)}<span>${label}</span>`;
      element.addEventListener('click', open);
    };
    const help = helpDialog();
    button('open-settings', 'settings', 'Settings', openSettings);
    button('open-help', 'help', 'Help', () => help.showModal());
    this.#element.addEventListener('emu-settings', openSettings);
    this.#element.addEventListener('emu-state', (event) => {
      const { end } = (event as CustomEvent<{ end?: { reason: string; status?: number } }>).detail;
      if (end) this.#module.onExit?.(end.status ?? (end.reason === 'failed' ? 1 : 0));
    });
    this.#dark.addEventListener('change', () => this.#applyPreferences());
    acceptDrops(document.getElementById('drop')!, (files) => void this.#dropped(files));
  }

  async #dropped(files: readonly File[]): Promise<void> {
    const problems = await this.#files.take(files);
    if (problems.length > 0) return this.#element.showMessage({ text: problems.join('\n'), bad: true });
    this.#settings = { ...this.#settings, ...this.#files.settings };
    const what = files.map(({ name }) => name).join(', ');
    if (this.#element.state === 'off') return this.#restart();
    this.#element.showMessage({
      text: `${what}: used at the next start.`, actions: [{ label: 'Restart now', run: () => void this.#restart() }],
    });
  }

  async #change(settings: Settings, preferences: Preferences, restart: boolean): Promise<void> {
    const later = JSON.stringify([this.#settings, this.#preferences.keepDisk]) !== JSON.stringify([settings, preferences.keepDisk]) && this.#element.state !== 'off';
    this.#settings = settings;
    this.#preferences = preferences;
    savePreferences(preferences);
    if (preferences.keepDisk) void navigator.storage?.persist?.(); // or the browser may clear it when space is short
    this.#applyPreferences();
    this.#applySettings();
    if (restart) await this.#restart();
    else if (later) this.#element.showMessage({ text: 'Used at the next start of the machine.', actions: [{ label: 'Restart now', run: () => void this.#restart() }] });
  }

  async #restart(): Promise<void> {
    await this.#turnOff();
    await this.#element.addFiles(this.#files.named);
    this.#applySettings();
    await this.#element.start();
  }

  async #resetDisk(): Promise<void> {
    const wasOn = this.#element.state !== 'off';
    if (wasOn && !confirm('Turn the machine off and forget everything that the guest has written to its disk?')) return;
    await this.#turnOff();
    if (!(await this.#element.resetDisk(location.pathname))) return;
    if (wasOn) await this.#element.start();
    else this.#element.showMessage({ text: 'The disk is as it was at first.', forMs: 4000 });
  }

  async #turnOff(): Promise<void> {
    if (this.#element.state !== 'off') await this.#element.quit();
  }

  #applySettings(): void {
    this.#element.arguments = applySettings(this.#module.arguments ?? ['-nographic'], this.#settings);
  }

  #applyPreferences(): void {
    const { theme, fontSize, screenReader, keepDisk } = this.#preferences;
    this.#element.setAttribute('theme', theme);
    document.documentElement.dataset['theme'] = theme === 'auto' ? (this.#dark.matches ? 'dark' : 'light') : theme;
    this.#element.fontSize = fontSize || undefined;
    this.#element.screenReader = screenReader;
    if (keepDisk) this.#element.setAttribute('keep', location.pathname);
    else this.#element.removeAttribute('keep');
  }
}

await new EmuPage(document.querySelector('emu-machine')!, pageModule()).begin();
