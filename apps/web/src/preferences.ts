/** What a user has chosen for this browser, kept in `localStorage`: appearance, and whether disks are kept. Nothing about the machine itself, so that the
 *  page's arguments mean the same at each visit. */

export interface Preferences {
  readonly theme: 'auto' | 'dark' | 'light';
  /** Pixels; 0 for what suits the screen. */
  readonly fontSize: number;
  readonly screenReader: boolean;
  readonly keepDisk: boolean;
}

const KEY = 'emu-preferences';

export function loadPreferences(defaults: Preferences): Preferences {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>;
    return {
      theme: stored.theme === 'dark' || stored.theme === 'light' || stored.theme === 'auto' ? stored.theme : defaults.theme,
      fontSize: typeof stored.fontSize === 'number' && stored.fontSize >= 0 && stored.fontSize <= 32 ? stored.fontSize : defaults.fontSize,
      screenReader: typeof stored.screenReader === 'boolean' ? stored.screenReader : defaults.screenReader,
      keepDisk: typeof stored.keepDisk === 'boolean' ? stored.keepDisk : defaults.keepDisk,
    };
  } catch {
    return defaults; // storage is blocked, or holds something else
  }
}

export function savePreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // storage is blocked: they last as long as the page
  }
}
