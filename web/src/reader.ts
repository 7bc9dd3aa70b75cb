import { pixelsFromDrawing, type PixelImage, type Prediction } from 'ort-train';
import { Bars } from './bars.js';
import { byId, say, setText } from './dom.js';
import { messageOf } from './errors.js';
import { percent } from './format.js';
import type { PadContent } from './pad.js';
import { paint } from './pixels.js';

/** Milliseconds between two readings of the same drawing while the weights change. */
const AGAIN = 400;

/** Milliseconds without a stroke after which the reading is spoken. */
const SETTLED = 700;

/** Where predictions come from; undefined while there is no network that reads drawings. */
export type Predict = (image: PixelImage) => Promise<Prediction>;

/** Reads what is on the pad: shows the pixels and ten probabilities, again and again while the network learns. */
export class Reader {
  readonly #announce: (text: string) => void;
  readonly #bars = new Bars();
  readonly #seen = byId('seen', HTMLCanvasElement);
  readonly #reading = byId('reading', HTMLElement);
  readonly #alert = byId('read-alert', HTMLElement);
  #predict: Predict | undefined;
  #why = '';
  #image: PixelImage | undefined;
  #busy = false;
  /** Readings asked for so far. */
  #asked = 0;
  #readAt = 0;
  #speak: number | undefined;

  constructor(announce: (text: string) => void) {
    this.#announce = announce;
    this.#forget();
  }

  /** The pixels of the drawing as the network gets them; undefined where nothing is drawn. */
  get image(): PixelImage | undefined {
    return this.#image;
  }

  /** The network to read with, or why there is none: a sentence. */
  use(predict: Predict | string): void {
    this.#predict = typeof predict === 'string' ? undefined : predict;
    this.#why = typeof predict === 'string' ? predict : 'Draw a digit: it is read at once.';
    this.#forget();
    if (this.#predict !== undefined && this.#image !== undefined) setText(this.#reading, 'Reading…');
    this.refresh();
  }

  /** What is drawn now. */
  look(content: PadContent, settled: boolean): void {
    this.#image = pixelsOf(content);
    if (this.#image === undefined) this.#forget();
    else {
      paint(this.#seen, this.#image);
      this.#seen.ariaLabel = 'Your drawing in 28 by 28 pixels';
    }
    this.refresh();
    clearTimeout(this.#speak);
    if (settled && this.#image !== undefined) {
      this.#speak = window.setTimeout(() => {
        const text = this.#reading.textContent;
        if (this.#predict !== undefined) this.#announce(text);
      }, SETTLED);
    }
  }

  /** The weights have changed. */
  weightsChanged(): void {
    if (performance.now() - this.#readAt > AGAIN) this.refresh();
  }

  /** Reads again, or once more after the reading that goes. */
  refresh(): void {
    this.#asked++;
    if (!this.#busy) void this.#read();
  }

  async #read(): Promise<void> {
    const image = this.#image;
    const predict = this.#predict;
    if (image === undefined || predict === undefined) return;
    this.#busy = true;
    this.#bars.isBusy = true;
    const asked = this.#asked;
    this.#readAt = performance.now();
    try {
      const prediction = await predict(image);
      // Meanwhile the pad may have been cleared, or the network changed.
      if (this.#image !== undefined && this.#predict === predict) this.#show(prediction);
      say(this.#alert, undefined);
    } catch (error) {
      this.#forget();
      say(this.#alert, messageOf(error));
    } finally {
      this.#busy = false;
    }
    if (this.#asked !== asked) await this.#read();
    this.#bars.isBusy = this.#busy;
  }

  #show(prediction: Prediction): void {
    setText(this.#reading, `It reads ${prediction.label}, ${percent(prediction.probability, 0)} sure.`);
    this.#bars.show(prediction);
  }

  /** Empty bars and, where nothing can be read, the reason. */
  #forget(): void {
    setText(this.#reading, this.#why);
    this.#bars.clear();
    if (this.#image !== undefined) return;
    paint(this.#seen, { pixels: new Uint8Array(784), channels: 1, height: 28, width: 28 });
    this.#seen.ariaLabel = 'Nothing drawn yet';
  }
}

function pixelsOf(content: PadContent): PixelImage | undefined {
  if (content.kind === 'image') return content.image;
  return content.kind === 'ink' ? pixelsFromDrawing(content.ink) : undefined;
}
