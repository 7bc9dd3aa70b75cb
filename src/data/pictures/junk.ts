/** Endings of pictures that can be decoded. */
export const pictureEndings = 'png, jpg, jpeg, webp, gif, avif, tif, tiff, bmp';

const picture = new RegExp(`\\.(${pictureEndings.replaceAll(', ', '|')})$`, 'i');

/** Pictures that nothing here decodes; leaving them out in silence would lose a telephone's whole album. */
const undecodable = /\.(heic|heif|jxl|jp2|psd|svg|raw|cr2|cr3|nef|arw|dng|pdf|ico|jfif)$/i;

/** What systems and programs put beside people's files, in lower case. */
const systemNames: ReadonlySet<string> = new Set([
  ...['thumbs.db', 'ehthumbs.db', 'desktop.ini', '__macosx', '$recycle.bin'],
  ...['system volume information', 'lost+found', '@eadir'],
]);

/** Whether a file is a picture, by its name. */
export function isPictureName(name: string): boolean {
  return picture.test(name);
}

/** Whether a file is a picture of a kind that cannot be decoded, by its name. */
export function isUndecodable(name: string): boolean {
  return undecodable.test(name);
}

/** Why a file or folder is no concern of anybody who made a data set; undefined for others. */
export function junkReason(name: string): string | undefined {
  if (name.startsWith('.')) return 'hidden';
  if (systemNames.has(name.toLowerCase())) return 'made by the system';
  return undefined;
}

/** Why a file that is no junk is left out; undefined for a picture. */
export function otherReason(name: string): string | undefined {
  if (isPictureName(name)) return undefined;
  return isUndecodable(name)
    ? `a picture of a kind that is not read (expected ${pictureEndings})`
    : 'no picture';
}
