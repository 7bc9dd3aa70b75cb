import type { Graph, Node, Value } from '../../ir/index.js';
import { isZero, type Links } from './links.js';

/** Those that make zeros of zeros, whatever their scalar operands are. */
const ofZerosZeros = ['Abs', 'Cast', 'Identity', 'Mul', 'Neg', 'Relu', 'Sign', 'Sqrt', 'Tanh'];

/** Those that do it where no operand is a scalar. */
const ofAllZerosZeros = ['Add', 'Sub', 'Max', 'Min'];

/** Operators that act on each element by itself: any layout is as good as another. */
const elementwise = new Set([
  ...[...ofZerosZeros, ...ofAllZerosZeros, 'Div', 'Equal', 'Erf', 'Exp', 'Greater', 'Less', 'Log', 'Pow'],
  ...['Reciprocal', 'Sigmoid', 'Where'],
]);

/** Whether an operator acts on each element by itself. */
export function isElementwise(node: Node): boolean {
  return elementwise.has(node.op.name);
}

/** Whether an elementwise operator makes zeros where all of its operands but scalars are zero; `full`: how many are no scalars. */
export function keepsZeros(graph: Graph, { op: { name }, inputs }: Node, full: number): boolean {
  if (ofZerosZeros.includes(name)) return true;
  if (ofAllZerosZeros.includes(name)) return full === inputs.length;
  // A condition is false for zeros, or chooses among them.
  if (name === 'Greater' || name === 'Less') return full === 2 || isZero(graph, inputs[1]);
  return name === 'Where' && (full === 3 || isZero(graph, inputs[2]));
}

/** x and dy of where(x > 0, dy, 0), as the gradient of ReLU is written; undefined for anything else. */
export function maskOf(
  { graph, makers }: Pick<Links, 'makers'> & { readonly graph: Graph },
  node: Node | undefined,
): { readonly x: Value; readonly dy: Value } | undefined {
  const [condition, dy, other] = node?.op.name === 'Where' ? node.inputs : [];
  const greater = condition && makers.get(condition);
  const [x, limit] = greater?.op.name === 'Greater' ? greater.inputs : [];
  if (x === undefined || dy === undefined || !isZero(graph, limit) || !isZero(graph, other)) return undefined;
  return { x, dy };
}
