/**
 * How much hands differ: standard deviations unless said otherwise. Lengths of the skeleton are in its units (a digit
 * is 100 high), lengths of the ink in pixels.
 */
export const hand = {
  /** Factor of `knot` and `warp`, one for each digit drawn: lowest and highest. */
  sloppiness: [0.4, 1.5],
  /** Shift of each knot. */
  knot: 4.5,
  /** Lengthening (or shortening) of a stroke's two ends, along the stroke. */
  end: 4,
  /** Chance that a corner is written as a curve. */
  roundCorner: 0.15,
  /** tan of the slant: mean and deviation. */
  slantMean: 0.1,
  slant: 0.27,
  /** tan of half the rotation. */
  rotation: 0.09,
  /** Width against height, as a factor: lowest and highest. */
  aspect: [0.6, 1.5],
  /** Coefficients of the smooth warp. */
  warp: 9,
  /** Radius of the pen: thinnest and thickest. */
  radius: [0.7, 2.7],
  /** Relative change of the radius along a stroke. */
  pressure: 0.2,
  /** Width of the soft edge: lowest and highest. */
  softness: [0.8, 1.8],
  /** Noise of half-covered pixels, as a share of full ink. */
  grain: 0.09,
  /** Full ink, of 255: lowest and highest. */
  ink: [0.96, 1.04],
} as const;
