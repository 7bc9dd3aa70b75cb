import { checkTransform, kindOf } from './schema.js';
import type { Transform } from './transformer.js';

/**
 * What transforms do, in one line for people.
 *
 * @throws OptionError for an unknown transform or option, or one out of its range.
 * @example
 * describeTransforms(augmentPolicies.light([64, 64])); // random crops of 70 to 100 % resized to 64x64, mirrored in half of the cases
 */
export function describeTransforms(transforms: readonly Transform[]): string {
  const parts = transforms.map((each, i) => {
    if (typeof each === 'function') return each.name === '' ? 'a transform of your own' : each.name;
    const full = checkTransform(each, `transforms[${i}]`);
    return kindOf(full).describe(full);
  });
  return parts.length === 0 ? 'as they are' : parts.join(', ');
}
