import type { Network } from '../../src/program/index.js';
import {
  add,
  batchNorm,
  chain,
  conv,
  defineNetwork,
  globalAveragePool,
  identity,
  linear,
  maxPool,
  named,
  relu,
  type ConvOptions,
  type Net,
} from '../../src/net/index.js';

/*
 * Networks of other convolutions than the presets have, in groups, depthwise and dilated, each with its twin in
 * bench/torch_step.py.
 */

const convNorm = (channels: number, kernel: number, options: ConvOptions = {}): Net => {
  const { dilation = 1 } = options;
  return chain(
    conv(channels, kernel, { padding: ((kernel - 1) / 2) * dilation, bias: false, ...options }),
    batchNorm(),
  );
};

const stem = (): readonly Net[] => [
  convNorm(64, 7, { stride: 2 }),
  relu(),
  maxPool(3, { stride: 2, padding: 1 }),
];

const shortcut = (isSame: boolean, outputs: number, stride: number): Net =>
  isSame ? identity() : convNorm(outputs, 1, { stride });

/** 1x1, 3x3 in 32 groups, 1x1. Source: https://arxiv.org/abs/1611.05431 */
const aggregated = (width: number, stride: number, isSame: boolean): Net =>
  chain(
    add(
      chain(
        ...[convNorm(2 * width, 1), relu()],
        ...[convNorm(2 * width, 3, { stride, groups: 32 }), relu()],
        convNorm(4 * width, 1),
      ),
      shortcut(isSame, 4 * width, stride),
    ),
    relu(),
  );

/** ResNeXt-50 32x4d. */
export function resnext50(imageSize: number): Network {
  const stages = [3, 4, 6, 3].flatMap((blocks, i) =>
    Array.from({ length: blocks }, (_, j) =>
      named(`layer${i + 1}-${j}`, aggregated(64 << i, i > 0 && j === 0 ? 2 : 1, j > 0)),
    ),
  );
  return classifier('resnext50-32x4d', imageSize, ...stem(), ...stages);
}

/** The blocks of its first stage alone, on images of `imageSize`: little but the convolutions, and hardly a weight. */
export function resnextBlocks(imageSize: number): Network {
  const blocks = [0, 1, 2].map((block) => named(`block${block + 1}`, aggregated(64, 1, block > 0)));
  return classifier('resnext-blocks', imageSize, convNorm(64, 3), relu(), ...blocks);
}

/** MobileNet: depthwise 3x3, then 1x1. Source: https://arxiv.org/abs/1704.04861 */
export function mobilenet(imageSize: number): Network {
  const widths = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024];
  const layers = widths.map((width, i) => {
    const inputs = widths[i - 1] ?? 32;
    const stride = width > inputs && i > 0 ? 2 : 1;
    return chain(
      ...[convNorm(inputs, 3, { stride, groups: inputs }), relu()],
      ...[convNorm(width, 1), relu()],
    );
  });
  return classifier('mobilenet', imageSize, convNorm(32, 3, { stride: 2 }), relu(), ...layers);
}

const dilatedBlock = (width: number, stride: number, dilation: number, isSame: boolean): Net =>
  chain(
    add(
      chain(...[convNorm(width, 3, { stride, dilation }), relu()], convNorm(width, 3, { dilation })),
      shortcut(isSame, width, stride),
    ),
    relu(),
  );

/** ResNet-18 whose last two stages have dilations for strides. Source: https://arxiv.org/abs/1705.09914 */
export function dilated18(imageSize: number): Network {
  const stages = [
    [64, 1, 1],
    [128, 2, 1],
    [256, 1, 2],
    [512, 1, 4],
  ] as const;
  const blocks = stages.flatMap(([width, stride, dilation]) => [
    dilatedBlock(width, stride, dilation, width === 64),
    dilatedBlock(width, 1, dilation, true),
  ]);
  return classifier('dilated18', imageSize, ...stem(), ...blocks);
}

function classifier(name: string, imageSize: number, ...body: readonly Net[]): Network {
  return defineNetwork({
    name,
    input: [3, imageSize, imageSize],
    classes: 10,
    net: chain(...body, globalAveragePool(), linear(10, { name: 'fc' })),
  });
}
