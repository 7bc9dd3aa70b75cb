import type { Node, Value } from '../../ir/index.js';
import { ops, type Builder } from '../../ops/index.js';
import type { Links } from './links.js';

/** A running statistic after the step, keep running + share now, while all of them may yet be moved at once. */
export interface Moved {
  /** [C] of the portable graph. */
  readonly running: Value;
  /** Of this batch, [C], or more with what fills it up at the end. */
  readonly now: Value;
  readonly keep: number;
  readonly share: number;
}

/** One of them alone, `running` in the layout of `now`. */
export function movedVector(b: Builder, running: Value, { now, keep, share }: Moved): Value {
  return b.add(b.mul(running, keep), b.mul(now, share), 'moved');
}

/** What is known of running statistics while a graph is lowered. */
interface RunningContext extends Pick<Links, 'makers'> {
  readonly b: Builder;
  readonly f: { plain(value: Value): Value; moved(value: Value): Moved | undefined };
}

/**
 * All running statistics at once, where they are packed into the bundle that they come from: four nodes, not
 * six for each layer. Undefined where any of them is something else.
 */
export function movedAll({ f, b, makers }: RunningContext, node: Node): Value | undefined {
  const moved = node.inputs.flatMap((input) => (input && f.moved(input)) ?? []);
  const [first] = moved;
  if (first === undefined || moved.length !== node.inputs.length) return undefined;
  const sizes = moved.map(({ running }) => Number(running.shape[0]));
  let end = 0;
  const sources = moved.map(({ running, keep }, i) => {
    const cut = makers.get(running);
    const isNext = cut?.op.name === 'BundleGet' && cut.attrs['offset'] === end && keep === first.keep;
    end += sizes[i] ?? 0;
    return isNext ? cut.inputs[0] : undefined;
  });
  const [source] = sources;
  if (source?.shape.length !== 1 || source.shape[0] !== end || sources.some((each) => each !== source))
    return undefined;
  const now = moved.map(({ now: value }, i) => {
    const size = sizes[i] ?? 0;
    return value.shape[0] === size ? value : b.slice(value, { axes: [0], starts: [0], ends: [size] });
  });
  const data = Float32Array.from(moved.flatMap(({ share }, i) => Array<number>(sizes[i] ?? 0).fill(share)));
  const batch = b.emit(ops.Concat, now, { axis: 0 }, 'batch_statistics');
  const share = b.constant({ dtype: 'float32', shape: [end], data }, 'momentum');
  return b.add(b.mul(f.plain(source), first.keep), b.mul(batch, share), 'running');
}
