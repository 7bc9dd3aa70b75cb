import type { Recipe } from './spec/run.js';

/** The tutorial's recipe: Adam 1e-3, StepLR(3, 0.5), batches of 64 in file order, 17 epochs. */
const tutorial: Recipe = {
  epochs: 17,
  batchSize: 64,
  learningRate: 1e-3,
  optimizer: { kind: 'adam' },
  scheduler: { name: 'stepLR', options: { stepSize: 3, gamma: 0.5 } },
  shuffle: false,
};

/**
 * The embedded digits, 38,400 of them, need no 17 epochs: this is the main job, about a minute on two cores. Networks
 * trained so read 97.9 to 98.0 % of real MNIST's test digits (two seeds).
 */
const embeddedDigits: Partial<Recipe> = {
  epochs: 3,
  learningRate: 2e-3,
  scheduler: { name: 'stepLR', options: { stepSize: 1, gamma: 0.3 } },
};

/** What a recipe for pictures depends on. */
export interface PictureFacts {
  /** Training pictures. */
  readonly count: number;
  /** Whether the run starts from trained weights. */
  readonly fineTunes: boolean;
  /** Passes over them, where they were asked for: the learning rate falls to their end. */
  readonly epochs?: number | undefined;
}

/**
 * For people's own pictures. The fewer there are, the more often each is seen, always changed by the augmentation: about
 * 80,000 pictures in all, a quarter of that where trained weights need fitting only; the batches are small enough that an
 * epoch has some steps. AdamW with a warm-up and a cosine, as recipes for small sets have it
 * (https://arxiv.org/abs/2110.00476 shows what such schedules gain on ResNets).
 */
function forPictures({ count, fineTunes, epochs: asked }: PictureFacts): Recipe {
  const seen = fineTunes ? 20_000 : 80_000;
  const epochs = asked ?? Math.min(100, Math.max(10, Math.round(seen / count)));
  return {
    epochs,
    batchSize: count < 500 ? 16 : count < 5000 ? 32 : 64,
    learningRate: fineTunes ? 3e-4 : 1e-3,
    optimizer: { kind: 'adamw', weightDecay: 0.05 },
    scheduler: warmUpAndCosine(epochs),
    shuffle: true,
  };
}

function warmUpAndCosine(epochs: number): Recipe['scheduler'] {
  const warmUp = Math.max(1, Math.round(epochs / 10));
  if (epochs <= warmUp) return { name: 'cosineAnnealingLR', options: { tMax: epochs } };
  return {
    name: 'sequentialLR',
    options: {
      schedulers: [
        { name: 'linearWarmup', options: { totalIters: warmUp } },
        { name: 'cosineAnnealingLR', options: { tMax: epochs - warmUp } },
      ],
      milestones: [warmUp],
    },
  };
}

/**
 * How `trainResNet` trains unless told otherwise, by the names of preset and data set; `pictures` where the data are
 * pictures that are decoded when they are read.
 *
 * @example
 * const { epochs, learningRate } = recipeFor('mnist-cnn', 'digits');
 */
export function recipeFor(
  preset: string | undefined,
  data: string | undefined,
  pictures?: PictureFacts,
): Recipe {
  if (pictures !== undefined) return forPictures(pictures);
  const base: Recipe =
    preset === undefined || preset.startsWith('mnist-cnn') ? tutorial : { ...tutorial, shuffle: true };
  return data === 'digits' ? { ...base, ...embeddedDigits } : base;
}
