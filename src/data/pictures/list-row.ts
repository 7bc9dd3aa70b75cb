/** A line of a list of pictures. */
export interface ListRow {
  /** Number of the line, from 1. */
  readonly line: number;
  readonly path: string;
  readonly label: string;
  readonly split?: string;
}
