import type { Graph } from '../../ir/index.js';
import type { TargetState } from '../target.js';
import type { FlatPlan } from './flat-state.js';
import { eachFilter } from './weight-layout.js';

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
      const out = new Float32Array(plan.targetSize);
      eachRun(plan, block, (from, to, count, step) => {
        for (let i = 0; i < count; i++) out[to + i * step] = flat[from + i] ?? 0;
      });
      return out;
    },
    fromTarget(name, target) {
      const plan = byName.get(name);
      if (plan === undefined) return target;
      const out = new Float32Array(plan.size);
      eachRun(plan, block, (from, to, count, step) => {
        for (let i = 0; i < count; i++) out[from + i] = target[to + i * step] ?? 0;
      });
      return out;
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

/** Elements that follow one another in the portable vector, and lie `step` apart in the target's. */
type Move = (from: number, to: number, count: number, step: number) => void;

function eachRun(plan: FlatPlan, block: number, move: Move): void {
  for (const { kind, offset, size, shape, targetOffset } of plan.segments) {
    if (kind === 'plain' || kind === 'vector') {
      move(offset, targetOffset, size, 1);
      continue;
    }
    eachFilter(shape, block, kind, (plain, blocked, taps, step) => {
      move(offset + plain, targetOffset + blocked, taps, step);
    });
  }
}
