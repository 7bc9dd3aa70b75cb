import type { Node, Value } from '../../ir/index.js';
import { ops } from '../../ops/index.js';
import type { Context } from './context.js';
import type { Forms, Moved } from './forms.js';

/** keep running + share now, the running statistic after the step: [C']. */
export function movedVector(f: Forms, { running, now, keep, share }: Moved): Value {
  const { b } = f;
  return b.add(b.mul(f.vector(running), keep), b.mul(now, share), 'moved');
}

/**
 * All running statistics at once, where a concatenation puts them into the vector that they were cut from: three nodes,
 * not six for each layer. False where any of them is something else.
 */
export function moveAll({ f, b, makers }: Context, node: Node): boolean {
  const [out] = node.outputs;
  const parts = node.inputs.map((input) => (input === undefined ? undefined : f.moved(input)));
  const moved = parts.flatMap((part) => part ?? []);
  const [first] = moved;
  if (out === undefined || first === undefined || moved.length !== node.inputs.length) return false;
  let end = 0;
  let source: Value | undefined;
  for (const { running, keep } of moved) {
    const cut = makers.get(running);
    const start = cut?.attrs['offset'];
    const from = cut?.op.name === 'BundleGet' ? cut.inputs[0] : undefined;
    if (from === undefined || start !== end || keep !== first.keep || (source ?? from) !== from) return false;
    source = from;
    end += Number(running.shape[0]);
  }
  if (source === undefined || source.shape.length !== 1 || source.shape[0] !== end) return false;
  const shares = new Float32Array(end);
  let at = 0;
  const now = moved.map(({ running, now: value, share }) => {
    const size = Number(running.shape[0]);
    shares.fill(share, at, (at += size));
    return value.shape[0] === size ? value : b.slice(value, { axes: [0], starts: [0], ends: [size] });
  });
  const batch = b.emit(ops.Concat, now, { axis: 0 }, 'batch_statistics');
  const share = b.constant({ dtype: 'float32', shape: [end], data: shares }, 'momentum');
  f.set(out, { plain: b.add(b.mul(f.plain(source), first.keep), b.mul(batch, share), 'running') });
  return true;
}
