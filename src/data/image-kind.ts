/** What a file is, by its first bytes: its ending may say anything. */

/** A kind of image that is read. */
export type ImageKind = 'PNG' | 'JPEG' | 'WebP' | 'GIF' | 'AVIF' | 'TIFF' | 'BMP' | 'SVG';

/** How each kind is told; `_` is any byte. Source: https://en.wikipedia.org/wiki/List_of_file_signatures */
const signatures: readonly (readonly [kind: ImageKind, start: string])[] = [
  ['PNG', '\x89PNG\r\n\x1a\n'],
  ['JPEG', '\xff\xd8\xff'],
  ['GIF', 'GIF87a'],
  ['GIF', 'GIF89a'],
  ['WebP', 'RIFF____WEBP'],
  ['AVIF', '____ftypavif'],
  ['AVIF', '____ftypavis'],
  ['TIFF', 'II*\0'],
  ['TIFF', 'MM\0*'],
  ['TIFF', 'II+\0'],
  ['TIFF', 'MM\0+'],
  ['BMP', 'BM'],
];

const save = 'save it as PNG or JPEG first';

/** Files that are often taken for readable images. Cameras' raw files begin as TIFF does, and hold only a small picture as such. */
const others: readonly (readonly [start: string, what: string])[] = [
  ['II*\0____CR', `a camera's raw file (CR2); ${save}`],
  ['IIRO', `a camera's raw file (ORF); ${save}`],
  ['IIRS', `a camera's raw file (ORF); ${save}`],
  ['IIU\0', `a camera's raw file (RW2); ${save}`],
  ['FUJIFILM', `a camera's raw file (RAF); ${save}`],
  ['____ftypcrx', `a camera's raw file (CR3); ${save}`],
  ...['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'mif1', 'msf1'].map(
    (brand) =>
      [`____ftyp${brand}`, `an HEIC photo; ${save}, or set the camera to "most compatible"`] as const,
  ),
  ['____ftyp', 'a film; save pictures of it as PNG or JPEG first'],
  ['\x1aE\xdf\xa3', 'a film; save pictures of it as PNG or JPEG first'],
  ['8BPS', `a Photoshop document (PSD); ${save}`],
  ['\xff\x0a', `a JPEG XL image; ${save}`],
  ['\0\0\0\x0cJXL ', `a JPEG XL image; ${save}`],
  ['\0\0\0\x0cjP  ', `a JPEG 2000 image; ${save}`],
  ['\xff\x4f\xff\x51', `a JPEG 2000 image; ${save}`],
  ['\0\0\x01\0', `an icon (ICO); ${save}`],
  ['%PDF', 'a PDF document; save its pages as PNG or JPEG first'],
  ['PK\x03\x04', 'a zip archive; unpack it first'],
  ['\x1f\x8b', 'a gzip archive; unpack it first'],
  ['version https://git-lfs', "a pointer of Git LFS in the place of the file; fetch it with 'git lfs pull'"],
];

/** Endings of cameras' raw files that begin as TIFF does. */
const rawName = /\.(nef|nrw|arw|sr2|srf|dng|pef|3fr|iiq|erf|kdc|dcr|mef|mos|raw)$/i;

/**
 * The kind of an image, or in words what the file is instead, and what to do.
 *
 * @param name - The file's name, which alone tells some cameras' raw files from TIFF.
 */
export function imageKind(
  bytes: Uint8Array,
  name = '',
): { readonly kind: ImageKind } | { readonly instead: string } {
  if (bytes.length === 0) return { instead: 'an empty file' };
  const start = String.fromCharCode(...bytes.subarray(0, 512));
  const other = others.find(([signature]) => begins(start, signature));
  const kind = signatures.find(([, signature]) => begins(start, signature))?.[0];
  // A HEIF file of a general brand is AVIF where that stands among the brands that it says it is compatible with.
  if (other?.[0] === '____ftypmif1' || other?.[0] === '____ftypmsf1') {
    const brands = start.slice(16, ((bytes[2] ?? 0) << 8) + (bytes[3] ?? 0));
    if (/avi[fs]/.test(brands)) return { kind: 'AVIF' };
  }
  if (kind === 'AVIF') return { kind };
  if (other !== undefined) return { instead: other[1] };
  if (kind === 'TIFF' && rawName.test(name)) return { instead: `a camera's raw file; ${save}` };
  if (kind !== undefined) return { kind };
  const text = start.replace(/^\xef\xbb\xbf/, '').trimStart();
  if (/^<(svg|\?xml|!--|!doctype svg)/i.test(text)) return { kind: 'SVG' };
  if (/^<(!doctype )?html/i.test(text)) return { instead: 'a web page, as a failed download leaves it' };
  // eslint-disable-next-line no-control-regex -- what text does not contain
  if (!/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(start)) return { instead: 'text' };
  return { instead: 'a file of another kind' };
}

function begins(start: string, signature: string): boolean {
  if (start.length < signature.length) return false;
  for (let i = 0; i < signature.length; i++) {
    if (signature[i] !== '_' && signature[i] !== start[i]) return false;
  }
  return true;
}
