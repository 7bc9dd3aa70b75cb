import type { Prediction } from 'ort-train';
import { byId, html, setText } from './dom.js';
import { percent } from './format.js';

/** Most bars that are shown: of more classes the most probable. */
const MOST = 10;

interface Bar {
  readonly item: HTMLLIElement;
  readonly name: HTMLElement;
  readonly track: HTMLElement;
  readonly value: HTMLElement;
}

/** The probabilities as bars, one for each class. */
export class Bars {
  readonly #list = byId('bars', HTMLOListElement);
  #bars: readonly Bar[] = [];

  constructor() {
    this.#setNames(Array.from({ length: 10 }, (_, digit) => String(digit)));
  }

  /** Whether they are of a drawing or weights that have changed since. */
  set isBusy(busy: boolean) {
    this.#list.ariaBusy = String(busy);
  }

  show({ label, probabilities, logits }: Prediction): void {
    const shown =
      probabilities.length > MOST
        ? probabilities.slice(0, MOST)
        : [...probabilities].sort((a, b) => a.index - b.index);
    this.#setNames(shown.map((entry) => entry.label));
    this.#bars.forEach(({ item, track, value }, i) => {
      const { label: own, index, probability } = shown[i] ?? { label: '', index: -1, probability: 0 };
      track.style.setProperty('--share', probability.toFixed(4));
      setText(value, percent(probability, 0).replace(' ', ''));
      item.title = exactly(probability, logits[index]);
      item.classList.toggle('best', own === label);
    });
  }

  /** Bars without length. */
  clear(): void {
    for (const { item, track, value } of this.#bars) {
      track.style.setProperty('--share', '0');
      setText(value, '');
      item.title = '';
      item.classList.remove('best');
    }
  }

  #setNames(names: readonly string[]): void {
    if (names.length !== this.#bars.length) {
      this.#bars = names.map(makeBar);
      this.#list.replaceChildren(...this.#bars.map(({ item }) => item));
    }
    this.#bars.forEach(({ name }, i) => {
      setText(name, names[i] ?? '');
    });
  }
}

function makeBar(): Bar {
  const name = html('span', { class: 'bar-name' });
  const track = html('span', { class: 'bar-track', 'aria-hidden': true });
  const value = html('span', { class: 'bar-value' });
  return { item: html('li', {}, name, track, value), name, track, value };
}

/** For those who want to compare: the probability, and the output that it comes from by the softmax. */
function exactly(probability: number, logit = NaN): string {
  return `probability ${probability.toFixed(5)}, logit ${logit.toFixed(5)}`;
}
