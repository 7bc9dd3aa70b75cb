import type { Node, Value } from '../../ir/index.js';
import { ops } from '../../ops/index.js';
import type { Moved } from './batch-norm.js';
import type { Context } from './context.js';

/** keep running + share now, the running statistic after the step: [C]. */
export function movedVector({ f, b }: Pick<Context, 'f' | 'b'>, { running, now, keep, share }: Moved): Value {
  return b.add(b.mul(f.plain(running), keep), b.mul(now, share), 'moved');
}

/**
 * All running statistics at once, where a concatenation puts them into the vector that they were cut from: four nodes, not
 * six for each layer. Undefined where any of them is something else.
 */
export function movedAll({ f, b, makers, moved: known }: Context, node: Node): Value | undefined {
  const moved = node.inputs.flatMap((input) => (input && known.get(input)) ?? []);
  const [first] = moved;
  if (first === undefined || moved.length !== node.inputs.length) return undefined;
  let end = 0;
  let source: Value | undefined;
  for (const { running, keep } of moved) {
    const cut = makers.get(running);
    const start = cut?.attrs['offset'];
    const from = cut?.op.name === 'BundleGet' ? cut.inputs[0] : undefined;
    if (from === undefined || start !== end || keep !== first.keep || (source ?? from) !== from)
      return undefined;
    source = from;
    end += Number(running.shape[0]);
  }
  if (source?.shape.length !== 1 || source.shape[0] !== end) return undefined;
  const shares = new Float32Array(end);
  let at = 0;
  for (const { running, share } of moved) shares.fill(share, at, (at += Number(running.shape[0])));
  const batch = b.emit(
    ops.Concat,
    moved.map(({ now }) => now),
    { axis: 0 },
    'batch_statistics',
  );
  const share = b.constant({ dtype: 'float32', shape: [end], data: shares }, 'momentum');
  return b.add(b.mul(f.plain(source), first.keep), b.mul(batch, share), 'running');
}
