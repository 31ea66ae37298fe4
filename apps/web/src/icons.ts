/** Icons of the toolbar: strokes on a grid of 24, drawn in the colour of the text. */

const PATHS = {
  start: '<path d="M8 5.5v13l10.5-6.5z"/>',
  pause: '<path d="M9 5.5v13M15 5.5v13"/>',
  reset: '<path d="M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4"/>',
  power: '<path d="M12 4v7M7.2 7.2a7 7 0 1 0 9.6 0"/>',
  copy: '<rect x="8.5" y="8.5" width="11" height="11" rx="2"/><path d="M15.5 5.5v-1h-11v11h1"/>',
  paste: '<path d="M8.5 6h-3v14h13V6h-3"/><rect x="8.5" y="4" width="7" height="4" rx="1"/>',
  settings: '<path d="M4 8h9M17 8h3M4 16h3M11 16h9"/><circle cx="15" cy="8" r="2"/><circle cx="9" cy="16" r="2"/>',
  help: '<circle cx="12" cy="12" r="8.5"/><path d="M9.7 9.6a2.4 2.4 0 1 1 3.4 2.2c-.8.4-1.1.9-1.1 1.7M12 16.6v.1"/>',
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): string {
  return `<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">${PATHS[name]}</svg>`;
}
