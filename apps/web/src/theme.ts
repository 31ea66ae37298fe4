/** Colours of the terminal in its two themes. Each foreground has a contrast of at least 4.5:1 to its background (WCAG 2.2, 1.4.3), save the
 *  black of the dark theme and the whites of the light one, which programs use as backgrounds. */
import type { ITheme } from '@xterm/xterm';

export type ThemeName = 'dark' | 'light';

export const TERMINAL_THEMES: Readonly<Record<ThemeName, ITheme>> = {
  dark: {
    background: '#101413', foreground: '#d7dedb', cursor: '#7fd1bd', cursorAccent: '#101413', selectionBackground: '#2f5a52',
    black: '#1b211f', red: '#f0837b', green: '#8fcf8a', yellow: '#dcb967', blue: '#82b1ec', magenta: '#cf9be0', cyan: '#6cc7bf', white: '#d7dedb',
    brightBlack: '#8a9691', brightRed: '#ff9f97', brightGreen: '#abe3a5', brightYellow: '#f0d28a', brightBlue: '#a5c9f7', brightMagenta: '#e2b8ef',
    brightCyan: '#92ded7', brightWhite: '#f4f7f6',
  },
  light: {
    background: '#fbfcfb', foreground: '#25302c', cursor: '#0c7060', cursorAccent: '#fbfcfb', selectionBackground: '#bfe3da',
    black: '#25302c', red: '#b3261e', green: '#2b6e2c', yellow: '#7a5700', blue: '#1d5aa8', magenta: '#84359b', cyan: '#0c6b66', white: '#c9d2ce',
    brightBlack: '#5c6964', brightRed: '#c5352c', brightGreen: '#327a33', brightYellow: '#866100', brightBlue: '#2867ba', brightMagenta: '#9440ac',
    brightCyan: '#12756f', brightWhite: '#eef2f0',
  },
};
