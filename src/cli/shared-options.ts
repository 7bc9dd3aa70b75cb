import { OptionError, type OptimizerOptions, type PresetOptions } from '../index.js';
import { grouped } from './command.js';
import { choice, flag, fromZero, list, positive, text, whole, type Values } from './options.js';

/** How a data set is found. */
export const dataOptions = grouped('Data:', {
  labels: list('labels of the classes in their order, for a folder of your own'),
  cacheDir: text('where downloaded data sets are kept'),
});

/** How a preset's network is varied. */
export const networkOptions = grouped('Network:', {
  classes: whole('classes to tell apart', 1),
  channels: whole('channels of the images', 1),
  imageSize: text('size of the images: 28, or height x width as 48x64'),
});

/** The optimizer and its hyperparameters. */
export const optimizerOptions = grouped('Optimizer:', {
  optimizer: choice('adam, adamw or sgd', ['adam', 'adamw', 'sgd'] as const),
  weightDecay: fromZero('L2 penalty (adam, sgd) or decoupled decay (adamw)'),
  momentum: fromZero('momentum (sgd)'),
  nesterov: flag('Nesterov momentum (sgd)'),
  betas: list('decay rates of the two moments (adam, adamw), as 0.9,0.999'),
  eps: positive('added to the denominator (adam, adamw)'),
});

/** What `--data` takes. */
export const dataHelp =
  'digits (embedded), mnist, fashion-mnist, cifar10, cifar100, or a folder of IDX or CIFAR files';

/** Folding of batch normalisation in the `.onnx` that is written. */
export const foldOptions = {
  foldBatchNorm: {
    ...flag('fold batch norm into the convolutions of the .onnx; --no-fold-batch-norm keeps it'),
    fallback: 'on',
  },
};

/** Measuring of the convolutions' forms. */
export const autotuneOption = {
  ...flag(
    'measure the fastest forms of the convolutions once, keep them in the cache folder; --no-autotune takes a heuristic',
  ),
  fallback: 'on',
};

/** Smoothing of the loss. */
export const lossOptions = grouped('Optimizer:', {
  labelSmoothing: fromZero('share of the target spread over all classes, 0 to 1', 1),
});

/** A preset's options out of the command line's. */
export function presetOptionsFrom(args: Values<typeof networkOptions>): PresetOptions {
  const { classes, channels, imageSize } = args;
  return {
    ...(classes !== undefined && { classes }),
    ...(channels !== undefined && { channels }),
    ...(imageSize !== undefined && { imageSize: parseImageSize(imageSize) }),
  };
}

function parseImageSize(typed: string): readonly [height: number, width: number] {
  const [, height, width = height] = /^(\d+)(?:x(\d+))?$/.exec(typed) ?? [];
  if (height !== undefined && width !== undefined && Number(height) > 0 && Number(width) > 0) {
    return [Number(height), Number(width)];
  }
  throw new OptionError(`--image-size: expected pixels as 28 or 48x64 (height x width), got ${typed}`);
}

/** The optimizer: `base` with what the command line changes, or another one from scratch. */
export function optimizerFrom(
  args: Values<typeof optimizerOptions>,
  base: OptimizerOptions = { kind: 'adam' },
): OptimizerOptions {
  const { optimizer: kind = base.kind, weightDecay, momentum, nesterov, eps } = args;
  const betas = args.betas && parseBetas(args.betas);
  const before = kind === base.kind ? base : { kind };
  const decay = weightDecay === undefined ? {} : { weightDecay };
  const refuse = (name: string, value: unknown, of: string): void => {
    if (value !== undefined)
      throw new OptionError(`--${name}: it belongs to ${of}, got the optimizer ${kind}`);
  };
  if (kind === 'sgd') {
    refuse('betas', betas, 'adam and adamw');
    refuse('eps', eps, 'adam and adamw');
    return {
      ...before,
      kind,
      ...decay,
      ...(momentum !== undefined && { momentum }),
      ...(nesterov !== undefined && { nesterov }),
    };
  }
  refuse('momentum', momentum, 'sgd');
  refuse('nesterov', nesterov, 'sgd');
  return { ...before, kind, ...decay, ...(betas && { betas }), ...(eps !== undefined && { eps }) };
}

function parseBetas(words: readonly string[]): readonly [number, number] {
  const [b1, b2, ...rest] = words.map(Number);
  const fits = (value: number | undefined): value is number => value !== undefined && value >= 0 && value < 1;
  if (fits(b1) && fits(b2) && rest.length === 0) return [b1, b2];
  throw new OptionError(`--betas: expected two numbers in [0, 1) as 0.9,0.999, got ${words.join(',')}`);
}
