import { embeddedDigits, type PixelImage } from 'ort-train';
import { byId, html } from './dom.js';
import { picture } from './pixels.js';

/** Another seed than the training's: these are digits that no network of this page has seen. */
const SEED = 20_151;

/** One handwritten digit of each kind, 0 to 9. */
export function exampleDigits(): readonly PixelImage[] {
  const { test } = embeddedDigits({ train: 1, test: 10, seed: SEED });
  const [, height, width] = test.shape;
  const area = height * width;
  return Array.from({ length: 10 }, (_, digit) => {
    const i = test.labels.indexOf(digit);
    const pixels = test.images.slice(i * area, (i + 1) * area);
    return { pixels, channels: 1, height, width };
  });
}

/** Ten buttons, each with the picture of a digit. */
export function showExamples(digits: readonly PixelImage[], choose: (image: PixelImage) => void): void {
  byId('examples', HTMLElement).append(
    ...digits.map((image, digit) => {
      const canvas = picture(image, '');
      canvas.setAttribute('aria-hidden', 'true');
      canvas.removeAttribute('role');
      canvas.removeAttribute('aria-label');
      const button = html(
        'button',
        { type: 'button', class: 'example', 'aria-label': `Example of a ${digit}` },
        canvas,
      );
      button.addEventListener('click', () => {
        choose(image);
      });
      return button;
    }),
  );
}
