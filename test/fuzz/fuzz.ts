import { Trainer } from '../../src/train/index.js';
import { createNodeSession } from '../../src/session/node.js';
import { architectureCase, architectures } from './architectures.js';
import { Draw } from './draw.js';
import { runForm, type FormName, type FormResult } from './forms.js';
import { feedsOf, type FuzzCase } from './fuzz-case.js';
import { excess, slopeExcess, truthOf } from './judge.js';
import { operatorCase, operators } from './operators.js';
import type { TorchPeer } from './torch-peer.js';

/** What to draw. */
export interface FuzzOptions {
  readonly seed: number;
  readonly cases: number;
  /** Only this one of them. */
  readonly only?: number;
  /** Only this operator or architecture. */
  readonly kind?: string;
  /** Default: all that run on the CPU. */
  readonly forms?: readonly FormName[];
  /** Channels in a block of the CPU's blocked layout; without one the CPU's form is left out. */
  readonly block: number | undefined;
  /** PyTorch, where it is installed. */
  readonly torch?: TorchPeer;
}

/** What came of one case. */
export interface FuzzResult {
  readonly index: number;
  /** Absent where the case could not even be built. */
  readonly test?: FuzzCase;
  /** What is wrong, by form; empty where all agree. */
  readonly wrong: readonly string[];
  /** Nodes that the CPU's form left portable. */
  readonly left: readonly string[];
  /** Why a trainer takes the portable form for the whole network, where it does. */
  readonly fallback?: string;
  /** Whether other numbers had to be drawn: the first fell on a kink. */
  readonly redrawn: boolean;
}

/** The case of that index: two operators, then an architecture, in turn over all of them. */
export function drawCase(seed: number, index: number, kind?: string): FuzzCase {
  const d = new Draw(seed, index);
  const [ops, nets] = [Object.keys(operators), Object.keys(architectures)];
  if (kind !== undefined) return kind in operators ? operatorCase(kind, d) : architectureCase(kind, d);
  const turn = Math.floor(index / 2);
  return index % 2 === 0
    ? operatorCase(ops[turn % ops.length] ?? '', d)
    : architectureCase(nets[turn % nets.length] ?? '', d);
}

/**
 * Runs cases one after the other. A number near zero may fall on the other side of it in float32, and a ReLU or a maximum
 * then chooses otherwise; a case is wrong where three draws of its numbers are.
 */
export async function* fuzz(options: FuzzOptions): AsyncGenerator<FuzzResult> {
  const { seed, cases, only, kind, block } = options;
  for (let index = only ?? 0; index < (only === undefined ? cases : only + 1); index++) {
    let test: FuzzCase;
    try {
      test = drawCase(seed, index, kind);
    } catch (error) {
      yield { index, wrong: [`build: ${String(error)}`], left: [], redrawn: false };
      continue;
    }
    let result = await attempt(test, 0, options);
    for (let draw = 1; draw < 3 && result.wrong.length > 0; draw++) {
      const again = await attempt(test, draw, options);
      if (again.wrong.length === 0) result = again;
    }
    const fallback = block === undefined ? undefined : await fallbackOf(test);
    yield { index, test, ...result, ...(fallback !== undefined && { fallback }) };
  }
}

/** Why the check at the start of a run would not believe the CPU's form of a network. */
async function fallbackOf({ network }: FuzzCase): Promise<string | undefined> {
  if (network === undefined) return undefined;
  const trainer = await Trainer.create(network, { createSession: createNodeSession, devices: ['cpu'] });
  try {
    const { target, reason } = trainer.lowering;
    return target === 'portable' ? reason : undefined;
  } finally {
    await trainer.dispose();
  }
}

async function attempt(
  test: FuzzCase,
  draw: number,
  { forms = ['portable', 'cpu', 'wasm'], block, torch }: FuzzOptions,
): Promise<Omit<FuzzResult, 'index' | 'test'>> {
  const feeds = feedsOf(test, draw);
  const wrong: string[] = [];
  const left: string[] = [];
  const truth = truthOf(test, feeds);
  const slope = slopeExcess(test, truth, feeds);
  if (!(slope <= 1)) wrong.push(`gradients: ${slope.toFixed(1)} times what a difference allows`);
  if (torch !== undefined) {
    const said = await torch.compare(test, truth, feeds);
    if (said !== undefined) wrong.push(`PyTorch: ${said}`);
  }
  let portable: FormResult['outputs'] | undefined;
  for (const form of forms) {
    if (form === 'cpu' && block === undefined) continue;
    try {
      const { outputs, left: kept } = await runForm(form, test, feeds, block ?? 16);
      if (form === 'cpu') left.push(...kept);
      const { by, where } = excess(test, truth, outputs, form === 'portable' ? undefined : portable);
      if (form === 'portable') portable = outputs;
      if (!(by <= 1)) wrong.push(`${form}: ${where} (${by.toFixed(1)} times)`);
    } catch (error) {
      wrong.push(`${form}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { wrong, left, redrawn: draw > 0 };
}
