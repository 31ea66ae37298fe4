export { main } from './main.ts';
export { EscapeFilter, type EscapeActions } from './escape.ts';
