import type { Node } from '../../ir/index.js';

/** Operators that act on each element by itself, any layout is as good as another. */
const elementwise = new Set([
  ...['Abs', 'Add', 'Cast', 'Div', 'Equal', 'Erf', 'Exp', 'Greater', 'Identity', 'Less', 'Log', 'Max', 'Min'],
  ...['Mul', 'Neg', 'Pow', 'Reciprocal', 'Relu', 'Sigmoid', 'Sign', 'Sqrt', 'Sub', 'Tanh', 'Where'],
]);

/** Whether an operator acts on each element by itself. */
export function isElementwise(node: Node): boolean {
  return elementwise.has(node.op.name);
}
