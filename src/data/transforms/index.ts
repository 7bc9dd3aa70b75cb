/** Transforms of pictures: resizes, crops and random changes, the same numbers in Node and in browsers. */
export { describeTransforms } from './describe.js';
export { augmentPolicies, evalTransforms } from './policies.js';
export type { AugmentPolicy, OutputSize } from './policies.js';
export { checkTransform, transformSchema, transformsSchema } from './schema.js';
export type { FullTransformSpec, TransformSpec } from './schema.js';
export { transformer } from './transformer.js';
export type { Transform, PictureSeed } from './transformer.js';
