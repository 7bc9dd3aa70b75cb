import { byId } from './dom.js';

const announcer = byId('announcer', HTMLElement);

/** Has a sentence read by screen readers when they have nothing else to say; the same sentence twice is read twice. */
export function announce(text: string): void {
  announcer.textContent = '';
  // A change within one task would not be noticed.
  setTimeout(() => {
    announcer.textContent = text;
  }, 30);
}
