import type { PixelImage } from 'ort-train';
import { byId, context2d } from './dom.js';
import { drawStrokes, inkOf, penWidth, type Point, type Stroke } from './pad-drawing.js';
import { paint } from './pixels.js';

/** What is on the pad. */
export type PadContent =
  | { readonly kind: 'empty' }
  | { readonly kind: 'ink'; readonly ink: ImageData }
  | { readonly kind: 'image'; readonly image: PixelImage };

/** Steps of the pen by keyboard, as shares of the pad; the larger one with Shift. */
const steps = { small: 1 / 40, large: 1 / 10 } as const;

const moves: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** A square to draw on by mouse, pen, finger or keyboard. */
export class Pad {
  readonly #canvas = byId('pad', HTMLCanvasElement);
  readonly #context = context2d(this.#canvas);
  readonly #onChange: (content: PadContent, settled: boolean) => void;
  readonly #announce: (text: string) => void;
  #strokes: Stroke[] = [];
  /** The stroke that is being drawn. */
  #current: Point[] | undefined;
  #pointer: number | undefined;
  #image: PixelImage | undefined;
  #pen: Point = { x: 0.5, y: 0.5 };
  #byKeyboard = false;

  /** @param onChange - `settled` when the pen is lifted, false while it moves. */
  constructor(onChange: (content: PadContent, settled: boolean) => void, announce: (text: string) => void) {
    this.#onChange = onChange;
    this.#announce = announce;
    const canvas = this.#canvas;
    canvas.addEventListener('pointerdown', this.#down);
    canvas.addEventListener('pointermove', this.#move);
    for (const type of ['pointerup', 'pointercancel'] as const) canvas.addEventListener(type, this.#up);
    canvas.addEventListener('keydown', this.#key);
    for (const type of ['focus', 'blur'] as const) {
      canvas.addEventListener(type, () => {
        this.#byKeyboard = canvas.matches(':focus-visible');
        this.#draw();
      });
    }
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#draw();
    });
    new ResizeObserver(() => {
      this.#resize();
    }).observe(canvas);
  }

  get content(): PadContent {
    if (this.#image !== undefined) return { kind: 'image', image: this.#image };
    const strokes = this.#all();
    return strokes.length === 0 ? { kind: 'empty' } : { kind: 'ink', ink: inkOf(strokes) };
  }

  clear(): void {
    this.#strokes = [];
    this.#current = undefined;
    this.#image = undefined;
    this.#changed(true);
  }

  /** Puts a picture on the pad; the next stroke begins on an empty one. */
  showImage(image: PixelImage): void {
    this.#strokes = [];
    this.#current = undefined;
    this.#image = image;
    this.#changed(true);
  }

  readonly #down = (event: PointerEvent): void => {
    // One pen at a time: a palm or a second finger draws nothing.
    if (event.button !== 0 || this.#pointer !== undefined) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pointer = event.pointerId;
    this.#byKeyboard = false;
    this.#begin(this.#placeOf(event));
  };

  readonly #move = (event: PointerEvent): void => {
    if (event.pointerId !== this.#pointer || this.#current === undefined) return;
    // What the device measured between two frames: without it fast curves have corners.
    const events = event.getCoalescedEvents();
    this.#current.push(...(events.length > 0 ? events : [event]).map((each) => this.#placeOf(each)));
    this.#changed(false);
  };

  readonly #up = (event: PointerEvent): void => {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = undefined;
    this.#end();
  };

  readonly #key = (event: KeyboardEvent): void => {
    const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey) return;
    const move = moves[key];
    if (move === undefined && ![' ', 'Delete', 'Backspace'].includes(key)) return;
    event.preventDefault();
    this.#byKeyboard = true;
    if (move !== undefined) this.#movePen(move, shiftKey ? steps.large : steps.small);
    else if (key === ' ') this.#togglePen();
    else {
      this.clear();
      this.#announce('Cleared');
    }
  };

  #movePen([dx, dy]: readonly [number, number], step: number): void {
    const inside = (value: number): number => Math.min(0.95, Math.max(0.05, value));
    this.#pen = { x: inside(this.#pen.x + dx * step), y: inside(this.#pen.y + dy * step) };
    if (this.#current === undefined) {
      this.#draw();
      return;
    }
    this.#current.push(this.#pen);
    this.#changed(false);
  }

  #togglePen(): void {
    if (this.#current === undefined) this.#begin(this.#pen);
    else this.#end();
    this.#announce(this.#current === undefined ? 'Pen up' : 'Pen down');
  }

  #begin(at: Point): void {
    this.#image = undefined;
    this.#current = [at];
    this.#changed(false);
  }

  #end(): void {
    if (this.#current !== undefined) this.#strokes.push(this.#current);
    this.#current = undefined;
    this.#changed(true);
  }

  #all(): readonly Stroke[] {
    return this.#current === undefined ? this.#strokes : [...this.#strokes, this.#current];
  }

  #placeOf({ clientX, clientY }: PointerEvent): Point {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return { x: (clientX - left) / width, y: (clientY - top) / height };
  }

  #changed(settled: boolean): void {
    this.#draw();
    this.#onChange(this.content, settled);
  }

  #resize(): void {
    const side = Math.round(this.#canvas.clientWidth * devicePixelRatio);
    if (side === 0 || side === this.#canvas.width) return;
    this.#canvas.width = side;
    this.#canvas.height = side;
    this.#draw();
  }

  #draw(): void {
    const context = this.#context;
    const side = this.#canvas.width;
    const style = getComputedStyle(this.#canvas);
    context.clearRect(0, 0, side, side);
    if (this.#image !== undefined) {
      const small = document.createElement('canvas');
      paint(small, this.#image);
      context.imageSmoothingEnabled = false;
      context.drawImage(small, 0, 0, side, side);
    }
    const strokes = this.#all();
    drawStrokes(context, strokes, { side, width: penWidth(strokes), colour: style.color });
    if (this.#byKeyboard && this.#canvas.matches(':focus-visible')) this.#drawPen(side, style);
  }

  /** Where the pen is: a ring, filled while it is down. */
  #drawPen(side: number, style: CSSStyleDeclaration): void {
    const context = this.#context;
    context.beginPath();
    context.arc(this.#pen.x * side, this.#pen.y * side, side * 0.03, 0, 2 * Math.PI);
    context.lineWidth = side * 0.008;
    context.strokeStyle = style.getPropertyValue('--accent');
    context.fillStyle = context.strokeStyle;
    if (this.#current === undefined) context.stroke();
    else context.fill();
  }
}
