import { axisOf, liveTaps, type LiveTaps } from '../shared/taps.js';
import type { ConvOperands } from './conv.js';
import { dims4 } from './forms.js';

/** Both axes of a convolution. */
export function axesOf({ x, y, attrs }: Pick<ConvOperands, 'x' | 'y' | 'attrs'>): readonly [rows: LiveTaps, columns: LiveTaps] {
  const [, , h, w] = dims4(x);
  const [, , oh, ow] = dims4(y);
  return [liveTaps(axisOf(attrs, 0, h, oh)), liveTaps(axisOf(attrs, 1, w, ow))];
}
