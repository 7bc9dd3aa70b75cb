import { identityOf, type Dataset, type PictureDataOptions } from '../../data/index.js';
import { defined } from '../../checks.js';
import { unnamedClasses } from './class-names.js';
import { networkOf, type NetworkChoice } from './network.js';
import type { RunSpec } from './run.js';

/** The network that pictures are trained with unless another is asked for. */
export const picturePreset = 'resnet18';

/** What the fields of a run say of its data: what the network sees of pictures, and names for classes without. */
export interface OpeningOptions extends PictureDataOptions {
  readonly fallbackClasses?: readonly string[];
}

/** What the fields of a run say about opening its data. */
export function openingOptionsOf({
  network,
  preset = picturePreset,
  classes,
  channels,
  imageSize,
  preprocess,
  background,
}: Omit<NetworkChoice, 'freeze'> & Pick<RunSpec, 'preprocess' | 'background'>): OpeningOptions {
  const fallbackClasses = unnamedClasses(network?.classes ?? classes);
  const common = defined({ preprocess, background, fallbackClasses });
  if (network !== undefined && 'net' in network) {
    const [depth, height, width] = network.input;
    return { ...common, channels: depth, imageSize: [height, width] };
  }
  // Without a size of its own the pictures decide, up to the size that the network was made for.
  const [, largest] = networkOf(network === undefined ? { preset } : { network }).input;
  return {
    ...common,
    ...defined({ channels: network?.channels ?? channels, imageSize: network?.imageSize ?? imageSize }),
    largest,
  };
}

/**
 * Whether the pictures of a model's run, by their name, were others than these: a part that is drawn of others may have some
 * that the model was trained with. False where its provenance does not say.
 */
export function hasChanged(
  { data, trainImages }: Readonly<Record<string, unknown>>,
  train: Dataset,
): boolean {
  return data === train.name && typeof trainImages === 'string' && trainImages !== identityOf(train);
}
