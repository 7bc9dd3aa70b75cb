/**
 * Labels for the outputs of a network: those given, the others by their index.
 *
 * @example
 * classNames(4, ['cat', 'dog']); // ['cat', 'dog', '2', '3']
 */
export function classNames(count: number, given: readonly string[] = []): readonly string[] {
  const names = [...given];
  for (let i = given.length; i < count; i++) {
    let name = String(i);
    // No two classes have the same label.
    while (names.includes(name)) name = `class ${name}`;
    names.push(name);
  }
  return names;
}

/** More labels cannot be told apart in an IDX file, whose labels are bytes. */
const IDX_CLASSES = 256;

/**
 * Labels for data that name none themselves, for a network of so many outputs: those given, the others by their index;
 * undefined for any number.
 */
export function unnamedClasses(
  outputs: number | undefined,
  given: readonly string[] = [],
): readonly string[] | undefined {
  if (outputs === undefined || !(outputs >= 1)) return undefined;
  return classNames(Math.min(outputs, Math.max(given.length, IDX_CLASSES)), given);
}
