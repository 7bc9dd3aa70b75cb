import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Picture } from '../../../src/data/picture.js';
import { transformer, type TransformSpec } from '../../../src/data/transforms/index.js';
import { preprocessor } from '../../../src/data/transforms/preprocess.js';

const side = fc.integer({ min: 1, max: 24 });
const size = fc.oneof(side, fc.tuple(side, side));
const spec: fc.Arbitrary<TransformSpec> = fc.oneof(
  fc.record(
    { name: fc.constant('resize' as const), size, interpolation: fc.constantFrom('bilinear', 'bicubic') },
    { requiredKeys: ['name', 'size'] },
  ),
  fc.record({ name: fc.constant('resize' as const), size: side, maxSize: fc.integer({ min: 24, max: 40 }) }),
  fc.record({ name: fc.constant('centerCrop' as const), size }),
  fc.constant<TransformSpec>({ name: 'grayscale', p: 1 }),
  fc.constant<TransformSpec>({ name: 'invert', p: 1 }),
);
const picture: fc.Arbitrary<Picture> = fc
  .tuple(fc.constantFrom(1, 3), side, side)
  .chain(([channels, height, width]) => {
    const length = channels * height * width;
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((data) => ({ data, channels, height, width }));
  });

test('a model prepares pictures as evaluation does, to the bit', () => {
  fc.assert(
    fc.property(fc.array(spec, { maxLength: 4 }), picture, (specs, given) => {
      expect(preprocessor(specs)(given)).toEqual(transformer(specs)(given));
    }),
    // Fewer than the default: pictures of each count are enough to meet each pair of neighbours. The seed is any.
    { numRuns: 60, seed: 17 },
  );
});
