import type { Node } from '../../ir/index.js';
import { nodeFlops } from '../../ops/index.js';
import type { Context } from './context.js';
import { isUngrouped, operandsOf, wantedPixels, type ConvOperands } from './conv.js';
import { tilings, COLUMNS, directCost } from './cost.js';
import { dims4 } from '../rewrite/dims.js';
import { isPoint } from './point.js';

/**
 * How a convolution or one of its gradients is computed: `spectrum`, from the spectra of whole images, or of tiles of so many
 * pixels; `patches` and `point`: as matrix products for each pixel; `portable`: as ONNX has it.
 */
export type ConvForm = 'spectrum' | `spectrum ${number}` | 'patches' | 'point' | 'portable';

/** The forms that a node can have, the one that the written heuristic takes first. */
export type ConvForms = readonly [heuristic: ConvForm, ...others: ConvForm[]];

/** The form of a node: the chosen one if the node can have it, else the written heuristic's. */
export function formOf(context: Context, node: Node): ConvForm {
  const forms = formsOf(context, node) ?? ['portable'];
  const wanted = context.choices[node.name];
  return forms.find((form) => form === wanted) ?? forms[0];
}

/**
 * The forms of a convolution or of one of its gradients, the same for all three of them; undefined for other nodes, and for
 * those in groups. What the heuristic takes must be worth it: around another form images change their layout.
 */
export function formsOf(context: Context, node: Node): ConvForms | undefined {
  if (!convolutions.has(node.op.name) || !isUngrouped(node)) return undefined;
  const operands = operandsOf(node);
  const forms = allForms(context, operands);
  if (!context.adaptive) return forms;
  // The tutorial's ninth loss is 9e-4 off PyTorch's with all of them from spectra, 8e-4 with the forward pass alone, whose
  // rounding chooses among equal maxima where a background is constant, and 5e-7 without.
  const [first = 'portable', ...others] = forms.filter((form) => tileOf(form) === undefined);
  return [first, ...others];
}

/** All forms, the one first that takes least. */
function allForms(context: Context, operands: ConvOperands): ConvForms {
  const [best, ...others] = tilings(operands, wantedPixels(context, operands.y));
  const spectra = others.map(({ tile }) => spectrumOf(tile));
  const [n] = dims4(operands.x);
  if (n >= COLUMNS) {
    if (isPoint(context, operands)) return ['point', 'portable', spectrumOf(best.tile), ...spectra];
    if (hasPatches(context, operands)) return ['patches', 'portable', spectrumOf(best.tile), ...spectra];
  }
  return best.cost < WORTH * directCost(operands)
    ? [spectrumOf(best.tile), 'portable', ...spectra]
    : ['portable', spectrumOf(best.tile), ...spectra];
}

/** Whether the convolutions that want images pixel by pixel do more than half of all the operations. */
export function prefersPixels(context: Context): boolean {
  let [pixels, all] = [0, 0];
  for (const node of context.graph.nodes) {
    if (!convolutions.has(node.op.name)) continue;
    // The batch is a number by now.
    const flops = nodeFlops(node, 1);
    all += flops;
    if (formOf(context, node) !== 'portable') pixels += flops;
  }
  return 2 * pixels > all;
}

function spectrumOf(tile: number): ConvForm {
  return tile === Infinity ? 'spectrum' : `spectrum ${tile}`;
}

/** Share of what the operators take that another form may take. */
const WORTH = 0.8;

/** Numbers in all patches, 32 MB. */
const MOST_PATCHES = 8 << 20;

const convolutions = new Set(['Conv', 'ConvInputGrad', 'ConvWeightGrad']);

/** Whether it is a first layer, whose input needs no gradient, with so few channels that all patches fit. */
function hasPatches({ makers }: Context, { x, w, y }: ConvOperands): boolean {
  const [, c, kh, kw] = dims4(w);
  const [n, , oh, ow] = dims4(y);
  return makers.get(x) === undefined && c <= 4 && n * oh * ow * c * kh * kw <= MOST_PATCHES;
}

/** Pixels along each axis of the tiles of a form with spectra, infinitely many for the whole image; undefined for others. */
export function tileOf(form: ConvForm): number | undefined {
  if (form === 'spectrum') return Infinity;
  return form.startsWith('spectrum ') ? Number(form.slice('spectrum '.length)) : undefined;
}
