/** A text stream, perhaps a terminal. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** Where a command reads and writes; tests pass their own. */
export interface Io {
  /** Results. With `--json` nothing but JSON. */
  readonly stdout: Output;
  /** Errors, hints, progress of downloads. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** From now on the first Ctrl-C (or SIGTERM) does not end the process but fires the signal that this returns. */
  readonly interruptible: () => AbortSignal;
}

/** Why an interrupted command stopped: the reason of the signal that `interruptible` gives. */
export class Interruption extends Error {
  /** Exit status, 128 and the signal's number. */
  readonly status: number;

  constructor(readonly kind: 'SIGINT' | 'SIGTERM' | 'EPIPE') {
    super(kind === 'EPIPE' ? 'nobody reads the output any more' : `interrupted (${kind})`);
    this.status = kind === 'SIGTERM' ? 143 : 130;
  }
}

/** Writes one JSON object as a line. */
export function writeJson(io: Io, value: Readonly<Record<string, unknown>>): void {
  io.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Writes lines of text to standard output. */
export function print(io: Io, ...lines: readonly string[]): void {
  io.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''));
}

/** Writes a remark that is not part of a result. */
export function note(io: Io, text: string): void {
  io.stderr.write(`${printable(text)}\n`);
}

/**
 * Text for a terminal. Names of files and classes are other people's: what would move the cursor, colour the text or rename
 * the window is written as its code, `\u001b`.
 */
export function printable(text: string): string {
  // All control characters but tab and the end of a line.
  return text.replace(
    /[^\P{Cc}\t\n]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Width of the terminal, within reason; 80 where there is none. */
export function widthOf({ columns }: Output): number {
  return Math.max(40, columns ?? 80);
}
