import { alikeNames, shortList } from './names.js';
import type { PictureListing } from './listing.js';

/** What is odd about the classes of a listing, and what it means for training. */
export function classWarnings(
  where: string,
  classes: readonly string[],
  parts: PictureListing['parts'],
): readonly string[] {
  const { train, test, final } = parts;
  const [trained, tested, last] = [train, test, final ?? []].map((part) => {
    const counts = new Array<number>(classes.length).fill(0);
    for (const { label } of part) counts[label] = (counts[label] ?? 0) + 1;
    return counts;
  });
  /** The classes whose counts of pictures in the parts are such, and what that means. */
  const say = (
    is: (trained: number, evaluated: number) => boolean,
    what: (names: string, several: boolean) => string,
  ): readonly string[] => {
    const names = classes.filter((_, i) => is(trained?.[i] ?? 0, (tested?.[i] ?? 0) + (last?.[i] ?? 0)));
    if (names.length === 0) return [];
    const several = names.length > 1;
    return [
      `${where}: ${several ? `${names.length} classes (${shortList(names)})` : `class ${names.join('')}`} ${what(shortList(names), several)}`,
    ];
  };
  const alike = alikeNames(classes).map(
    (names) =>
      `${where}: the classes ${names.map((name) => JSON.stringify(name)).join(' and ')} look the same ` +
      '(only upper and lower case, spaces or the way accents are written differ) and are told apart all the same: ' +
      'give them one name if they are one class',
  );
  return [
    ...(classes.length === 1
      ? [
          `${where}: all pictures are of one class (${classes.join('')}): there is nothing to tell apart, and any network ` +
            'reaches an accuracy of 1 without having learned anything; put pictures of a second class into a folder beside it',
        ]
      : []),
    ...say(
      (t, e) => t === 1 && e === 0,
      (_, several) =>
        `${several ? 'have one picture each, which is' : 'has one picture, which is'} trained with: how well ` +
        `${several ? 'they are' : 'it is'} recognised is not measured`,
    ),
    ...say(
      (t, e) => t > 1 && e === 0,
      (_, several) =>
        `${several ? 'have' : 'has'} no picture to evaluate with: how well ${several ? 'they are' : 'it is'} recognised is not measured`,
    ),
    ...say(
      (t, e) => t === 0 && e > 0,
      (_, several) =>
        `${several ? 'have' : 'has'} no picture to train with: the network cannot learn ${several ? 'them' : 'it'}, ` +
        'and all its pictures in the other parts count as mistakes',
    ),
    ...say(
      (t, e) => t === 0 && e === 0,
      (_, several) => `${several ? 'have' : 'has'} no picture at all`,
    ),
    ...alike,
  ];
}
