import type { PictureDataOptions } from '../../data/index.js';
import { defined } from '../../checks.js';
import { networkOf, type NetworkChoice } from './network.js';
import type { RunSpec } from './run.js';

/** What the fields of a run say about opening pictures: what the network sees, and how they become that. */
export function pictureOptionsOf({
  network,
  preset = 'resnet18',
  channels,
  imageSize,
  preprocess,
  background,
}: Pick<NetworkChoice, 'network' | 'preset' | 'channels' | 'imageSize'> &
  Pick<RunSpec, 'preprocess' | 'background'>): PictureDataOptions {
  const common = defined({ preprocess, background });
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
