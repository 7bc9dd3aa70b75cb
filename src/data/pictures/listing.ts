/**
 * Where a picture's bytes are: a file on a disk or in a page, or, with `offset` and `size`, a part of it (a tar shard).
 * Plain data that another thread can be sent.
 */
export type PictureAt = PictureRange & ({ readonly path: string } | { readonly file: Blob });

interface PictureRange {
  /** First byte; 0 unless given. */
  readonly offset?: number;
  /** In bytes; what follows `offset` unless given. */
  readonly size?: number;
}

/** A picture that has a label. */
export interface PictureItem {
  /** What errors and reports call it. */
  readonly where: string;
  /** Index of its class. */
  readonly label: number;
  readonly at: PictureAt;
}

/** What was left out of a listing, and why. */
export interface SkippedFile {
  readonly where: string;
  readonly why: string;
}

/** The labelled pictures of a folder, a list or shards, before any of them is decoded. */
export interface PictureListing {
  readonly name: string;
  /** Label of each class index. */
  readonly classes: readonly string[];
  /** `test` is what is evaluated while training; `final`, where there are three parts, is kept for the end. */
  readonly parts: {
    readonly train: readonly PictureItem[];
    readonly test: readonly PictureItem[];
    readonly final?: readonly PictureItem[];
  };
  readonly skipped: readonly SkippedFile[];
  /** What is odd but can be trained with, and what it means. */
  readonly warnings: readonly string[];
  /** How `test` was drawn, where the source has training pictures only. */
  readonly valSplit?: { readonly share: number; readonly seed: number };
}

/** How to list pictures. */
export interface ListOptions {
  /** Share of each class that is held out where the source has training pictures only; 0.2 unless given. */
  readonly valSplit?: number;
  /** Seed of that choice, 0 .. 2^53 - 1; 0 unless given. */
  readonly splitSeed?: number;
  /**
   * Label of each class index, among which are all labels of the pictures; unless given, the labels that occur, in the order
   * of their names, numbers by size. Where none of these is a number, labels that are numbers are class indices; in shards always.
   */
  readonly classes?: readonly string[];
  /** Whether all pictures are evaluated, whatever parts they lie in: each of both parts is all of them; false unless given. */
  readonly asOne?: boolean;
}
