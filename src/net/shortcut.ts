import { checkWholes } from '../checks.js';
import { OptionError } from '../errors.js';
import { formatType } from '../ir/index.js';
import { nchw } from '../ops/index.js';
import { leaf } from './leaf.js';
import type { Net } from './net.js';

/**
 * The shortcut without parameters where a stage begins, option A of He et al. (section 3.3): every `stride`-th pixel of
 * x, with channels of zeros after its own: [N,C,H,W] -> [N,channels,ceil(H/stride),ceil(W/stride)].
 * Source: https://arxiv.org/abs/1512.03385, the zeros at the end as in https://github.com/facebookarchive/fb.resnet.torch
 *
 * @example
 * add(chain(conv(32, 3, { stride: 2, padding: 1 }), batchNorm()), paddedShortcut(32, 2));
 */
export function paddedShortcut(channels: number, stride: number): Net {
  checkWholes('paddedShortcut: ', { channels, stride }, 1);
  return leaf('shortcut', `every ${stride}. pixel, zeros to ${channels}`, undefined, ({ b }, x) => {
    const [, inputs, h, w] = nchw('paddedShortcut', x);
    if (channels < inputs) {
      throw new OptionError(`paddedShortcut: expected at most ${channels} channels, got ${formatType(x)}`);
    }
    const steps = [stride, stride];
    const pixels = stride === 1 ? x : b.slice(x, { axes: [2, 3], starts: [0, 0], ends: [h, w], steps });
    return b.pad(pixels, [0, 0, 0, 0, 0, channels - inputs, 0, 0]);
  });
}
