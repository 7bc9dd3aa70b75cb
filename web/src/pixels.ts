import type { PixelImage } from 'ort-train';
import { context2d } from './dom.js';

/** Paints an image into a canvas of its size: grey images as they are, light on dark, colours by plane. */
export function paint(canvas: HTMLCanvasElement, { pixels, channels, height, width }: PixelImage): void {
  canvas.width = width;
  canvas.height = height;
  const context = context2d(canvas);
  const data = context.createImageData(width, height);
  const area = width * height;
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) data.data[4 * i + c] = pixels[(c % channels) * area + i] ?? 0;
    data.data[4 * i + 3] = 255;
  }
  context.putImageData(data, 0, 0);
}

/** A canvas that shows an image, with words for those who do not see it. */
export function picture(image: PixelImage, label: string): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', label);
  paint(canvas, image);
  return canvas;
}

/** An image as a URL that an `<image>` of an SVG shows. */
export function urlOf(image: PixelImage): string {
  const canvas = document.createElement('canvas');
  paint(canvas, image);
  return canvas.toDataURL();
}
