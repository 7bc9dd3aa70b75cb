import type { Node } from '../../ir/index.js';
import type { Context } from './context.js';
import { isUngrouped, operandsOf } from './conv.js';
import { dims4 } from './forms.js';
import { isPoint } from './point.js';

/** How a convolution or one of its gradients is computed. */
export type ConvForm = 'spectrum' | 'patches' | 'point' | 'portable';

/** The forms that a node can have, the one that the written heuristic takes first. */
export type ConvForms = readonly [heuristic: ConvForm, ...others: ConvForm[]];

/** The form of a node: the chosen one if the node can have it, else the written heuristic's. */
export function formOf(context: Context, node: Node): ConvForm {
  const forms = formsOf(context, node) ?? ['portable'];
  const wanted = context.choices[node.name];
  return forms.find((form) => form === wanted) ?? forms[0];
}

export function formsOf(context: Context, node: Node): ConvForms | undefined {
  if (!isUngrouped(node)) return undefined;
  const operands = operandsOf(node);
  const [n, c] = dims4(operands.x);
  if (n < 16) return ['portable', 'spectrum'];
  if (isPoint(operands)) return ['point', 'portable'];
  if (c <= 4 && node.op.name !== 'ConvInputGrad' && context.makers.get(operands.x) === undefined)
    return ['patches', 'spectrum', 'portable'];
  return ['spectrum', 'portable'];
}
