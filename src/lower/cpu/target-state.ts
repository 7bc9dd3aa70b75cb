import type { Graph } from '../../ir/index.js';
import type { TargetState } from '../target.js';
import type { FlatPlan } from './flat-state.js';
import { moveIn, moveOut } from './move-segment.js';

/** The name of one piece of a flat vector among the graph's inputs or outputs. */
export function pieceName(name: string, index: number): string {
  return `${name}.${index}`;
}

/** How the flat vectors of a portable graph lie in the lowered one. */
export function targetState(graph: Graph, plans: readonly FlatPlan[], block: number): TargetState {
  const byName = new Map<string, FlatPlan>();
  for (const plan of plans) {
    for (const input of graph.inputs) if (plan.members.has(input)) byName.set(input.name, plan);
    for (const { name, value } of graph.outputs) if (plan.members.has(value)) byName.set(name, plan);
  }
  return {
    size: (name, portable) => byName.get(name)?.targetSize ?? portable,
    toTarget(name, flat) {
      const plan = byName.get(name);
      if (plan === undefined) return flat;
      const target = new Float32Array(plan.targetSize);
      // Moments that are zero lie in pages that nobody has touched, and so they may stay.
      if (!isBlank(flat)) for (const segment of plan.segments) moveIn(segment, block, flat, target);
      return target;
    },
    fromTarget(name, target) {
      const plan = byName.get(name);
      if (plan === undefined) return target;
      const flat = new Float32Array(plan.size);
      if (!isBlank(target)) for (const segment of plan.segments) moveOut(segment, block, target, flat);
      return flat;
    },
    tensors(name, target, suffix = '') {
      const plan = byName.get(name);
      const whole = { dtype: 'float32', shape: [target.length], data: target } as const;
      if (plan === undefined) return { [`${name}${suffix}`]: whole };
      return Object.fromEntries(
        plan.pieces.map(({ targetOffset, targetSize }, i) => {
          const data = target.subarray(targetOffset, targetOffset + targetSize);
          return [pieceName(`${name}${suffix}`, i), { dtype: 'float32', shape: [targetSize], data }] as const;
        }),
      );
    },
  };
}

/** Whether all elements are 0, and none is -0. */
function isBlank({ buffer, byteOffset, length }: Float32Array): boolean {
  const bits = new Int32Array(buffer, byteOffset, length);
  for (let i = 0; i < length; i++) if (bits[i] !== 0) return false;
  return true;
}
