import type { PixelImage, TrainingWorker } from 'ort-train';
import { byId, html, say, setText } from './dom.js';
import { messageOf } from './errors.js';
import { plural } from './format.js';

/** What the form needs of the rest of the page. */
export interface TeachOptions {
  readonly worker: () => TrainingWorker;
  /** The drawing; undefined where there is none. */
  readonly image: () => PixelImage | undefined;
  /** Whether a run goes that the drawing joins at once. */
  readonly isTraining: () => boolean;
  /** The drawing was taken. */
  readonly onTaught: () => void;
}

/** Adds drawings to the training set, with the label that is chosen. */
export class Teach {
  readonly #options: TeachOptions;
  readonly #label = byId('teach-label', HTMLSelectElement);
  readonly #alert = byId('teach-alert', HTMLElement);

  constructor(options: TeachOptions) {
    this.#options = options;
    this.showClasses(Array.from({ length: 10 }, (_, digit) => String(digit)));
    byId('teach', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#teach();
    });
  }

  /** The labels to choose from, by class index. */
  showClasses(classes: readonly string[]): void {
    const before = this.#label.value;
    this.#label.replaceChildren(...classes.map((name, i) => html('option', { value: i }, name)));
    if (Number(before) < classes.length && before !== '') this.#label.value = before;
  }

  /** How many drawings are in the training set. */
  showCount(taught: number): void {
    const when = this.#options.isTraining() ? 'every step from now on' : 'the next training';
    setText(byId('teach-count', HTMLElement), `${plural(taught, 'drawing')} taught: part of ${when}.`);
  }

  async #teach(): Promise<void> {
    try {
      const image = this.#options.image();
      if (image === undefined) {
        say(this.#alert, 'Draw a digit first, or take an example.');
        return;
      }
      this.showCount(await this.#options.worker().teach(image, Number(this.#label.value)));
      say(this.#alert, undefined);
      this.#options.onTaught();
    } catch (error) {
      say(this.#alert, messageOf(error));
    }
  }
}
