import { pixelsFromDrawing, type PixelImage } from 'ort-train';

/** A slanting stroke, as a person might draw a 1: what a network has not seen. */
export function drawStroke(): PixelImage {
  const canvas = new OffscreenCanvas(280, 280);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no canvas');
  context.lineWidth = 24;
  context.lineCap = 'round';
  context.moveTo(60, 60);
  context.lineTo(200, 220);
  context.stroke();
  const image = pixelsFromDrawing(context.getImageData(0, 0, 280, 280));
  if (image === undefined) throw new Error('nothing was drawn');
  return image;
}
