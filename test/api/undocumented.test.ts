import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { undocumented } from '../../scripts/undocumented.mjs';
import { temporaryFolder } from '../train/tiny.js';

/** What is missing in the declarations of an entry point that exports all of `room.d.ts`. */
function missingIn(room: string): readonly string[] {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'room.d.ts'), `${room}\nexport {};\n`);
  const entry = join(folder, 'entry.d.ts');
  writeFileSync(entry, "export * from './room.js';\n");
  return undocumented(entry);
}

test('a public name needs a doc comment, a function and a class an example', () => {
  expect(
    missingIn(`
      export declare const bare: number;
      /** Half of it. */
      export declare function half(x: number): number;
      /** A resource. */
      export declare class Resource {}
      /** Twice it. @example twice(1) */
      export declare function twice(x: number): number;
    `),
  ).toEqual(['half has no @example', 'bare has no doc comment', 'Resource has no @example']);
});

test('an error needs no example, since it is told by what throws it', () => {
  expect(missingIn('/** A mistake. */ export declare class Mistake extends Error {}')).toEqual([]);
});

test('a member needs a comment, unless its type has one or its name says all', () => {
  expect(
    missingIn(`
      interface Size {}
      /** Where it lies. */
      interface Place {}
      /** A thing. */
      export interface Thing {
        readonly seed: number;
        readonly place?: Place;
        readonly size: Size;
        readonly pixels: Uint8Array;
        /** Kilograms. */
        readonly weight: number;
      }
      /** A resource. @example new Resource() */
      export declare class Resource {
        private readonly handle;
        close(): void;
      }
    `),
  ).toEqual([
    'Thing.size has no doc comment',
    'Thing.pixels has no doc comment',
    'Resource.close has no doc comment',
  ]);
});
