import { cifarResnet, OptionError, type Candidate, type Dataset, type Norm } from '../../index.js';

/** Which of the networks with and without batch norm are compared. */
export type NormChoice = 'both' | Norm;

const groups: Readonly<Record<Norm, string>> = { batch: 'with batch norm', none: 'without batch norm' };

/**
 * Plain and residual networks of each depth, with and without batch norm, for the images of a data set. Throws OptionError
 * for a depth that is not 6n + 2, is given twice, or for images that are too small.
 */
export function candidatesFor(
  depths: readonly number[],
  choice: NormChoice,
  { shape: [channels, height, width], classes }: Dataset,
): readonly Candidate[] {
  const norms: readonly Norm[] = choice === 'both' ? ['batch', 'none'] : [choice];
  const common = { channels, imageSize: [height, width], classes: classes.length } as const;
  return norms.flatMap((norm) =>
    (['plain', 'residual'] as const).flatMap((kind) =>
      depths.map((depth) => ({
        label: `${kind}-${depth}`,
        group: groups[norm],
        network: cifarResnet(depth, { ...common, norm, shortcut: kind === 'plain' ? 'none' : 'padded' }),
      })),
    ),
  );
}

/** Throws OptionError for a depth that is not 6n + 2, or that is given twice. */
export function checkDepths(depths: readonly number[]): void {
  for (const [i, depth] of depths.entries()) {
    if (depth < 8 || (depth - 2) % 6 !== 0) {
      throw new OptionError(`--depths: expected depths of 6n + 2 (8, 14, 20, 26, 32, ...), got ${depth}`);
    }
    if (depths.indexOf(depth) < i) throw new OptionError(`--depths: expected each once, got ${depth} twice`);
  }
}
