import * as v from 'valibot';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import type { Picture } from '../picture.js';
import type { Stream } from '../random.js';

export const transformSchema = v.looseObject({ name: v.string() });
export type TransformSpec = v.InferInput<typeof transformSchema>;
export const isTransform = (name: string): boolean => name !== '';
export type Transform = TransformSpec | ((picture: Picture, random: RandomGenerator) => Picture);
export type PolicyName = 'none' | 'light' | 'standard' | 'strong';
type Size = readonly [height: number, width: number];
export const augmentPolicies: Record<PolicyName, (size: Size) => readonly TransformSpec[]> = {
  none: () => [],
  light: () => [],
  standard: () => [],
  strong: () => [],
};
export const evalTransforms = (_: Size): readonly TransformSpec[] => [];
export function transformer(
  _: readonly Transform[],
): (picture: Picture, stream?: Required<Stream>) => Picture {
  return (picture) => picture;
}
