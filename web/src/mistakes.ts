import type { Mistake, TrainingWorker } from 'ort-train';
import { byId, html, say, setText } from './dom.js';
import { messageOf } from './errors.js';
import { count, percent } from './format.js';
import { picture } from './pixels.js';

/** Most pictures that are shown. */
const MOST = 24;

/** How many of the held-out images are wrong. */
export interface MistakeCount {
  readonly wrong: number;
  readonly of: number;
}

/** The held-out images that the network misreads, as pictures. */
export class Mistakes {
  readonly #list = byId('mistake-list', HTMLUListElement);
  readonly #facts = byId('mistakes-facts', HTMLElement);
  readonly #alert = byId('mistakes-alert', HTMLElement);
  #asked = 0;

  /** Asks for the mistakes of the present weights; of several requests the last one counts. */
  async refresh(worker: TrainingWorker, known?: MistakeCount): Promise<void> {
    const asked = ++this.#asked;
    try {
      const found = await worker.mistakes(MOST);
      if (asked === this.#asked) this.#show(found, known);
      say(this.#alert, undefined);
    } catch (error) {
      if (asked === this.#asked) say(this.#alert, messageOf(error));
    }
  }

  /** Empties the list. */
  clear(): void {
    this.#asked++;
    this.#list.replaceChildren();
    say(this.#alert, undefined);
    setText(this.#facts, 'Held-out digits that it misreads appear here after each epoch.');
  }

  #show(found: readonly Mistake[], known: MistakeCount | undefined): void {
    this.#list.replaceChildren(...found.map(mistakeItem));
    setText(this.#facts, factsOf(found.length, known));
  }
}

function factsOf(shown: number, known: MistakeCount | undefined): string {
  if (shown === 0) return 'None: it reads every held-out digit rightly.';
  if (known === undefined) {
    return `${shown < MOST ? 'It misreads' : 'Among others it misreads'} these ${shown} of the held-out digits.`;
  }
  const { wrong, of } = known;
  const some = wrong > shown ? ` Here are the first ${shown}.` : '';
  return `It misreads ${count(wrong)} of ${count(of)} held-out digits (${percent(wrong / of)}).${some}`;
}

function mistakeItem({ image, label, predicted, probability }: Mistake): HTMLLIElement {
  const words = `A ${label}, read as ${predicted}, ${percent(probability, 0)} sure`;
  const caption = html(
    'span',
    { class: 'mistake-caption', 'aria-hidden': true },
    html('span', {}, label),
    ' → ',
    html('strong', {}, predicted),
  );
  return html('li', { title: words }, picture(image, words), caption);
}
