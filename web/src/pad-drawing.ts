import { context2d } from './dom.js';

/** A point of a drawing, 0 to 1 from the upper left corner of the pad. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Lines that were drawn without lifting the pen. */
export type Stroke = readonly Point[];

/** Width of the pen as a share of the drawing's longer side: strokes of MNIST are 2 to 3 of 20 pixels wide. */
const PEN = 0.11;
/** Of the pad, so that a dot is a dot and a line across the pad no bar. */
const thinnest = 0.03;
const thickest = 0.085;

/** How wide the pen is in a drawing, as a share of the pad. */
export function penWidth(strokes: readonly Stroke[]): number {
  const points = strokes.flat();
  if (points.length === 0) return thickest;
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const longer = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
  return Math.min(thickest, Math.max(thinnest, PEN * longer));
}

/** Draws strokes with a round pen; `side` is the pad's in pixels. */
export function drawStrokes(
  context: CanvasRenderingContext2D,
  strokes: readonly Stroke[],
  { side, width, colour }: { readonly side: number; readonly width: number; readonly colour: string },
): void {
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.lineWidth = width * side;
  context.strokeStyle = colour;
  for (const stroke of strokes) {
    context.beginPath();
    stroke.forEach(({ x, y }, i) => {
      if (i === 0) context.moveTo(x * side, y * side);
      context.lineTo(x * side, y * side);
    });
    context.stroke();
  }
}

/** Side of the picture that is scaled down for the network: seven pixels for each that it gets. */
const SIDE = 140;

/** A drawing as ink on nothing. */
export function inkOf(strokes: readonly Stroke[]): ImageData {
  const canvas = document.createElement('canvas');
  canvas.width = SIDE;
  canvas.height = SIDE;
  const context = context2d(canvas);
  drawStrokes(context, strokes, { side: SIDE, width: penWidth(strokes), colour: '#000' });
  return context.getImageData(0, 0, SIDE, SIDE);
}
