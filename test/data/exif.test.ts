import { describe, expect, it } from 'vitest';
import { takeWebpOrientation, turn, type Orientation } from '../../src/data/exif.js';
import { decodePicture } from '../../src/data/image-node.js';
import { colours, height, pictureFiles, width } from './picture-files.js';

const files = await pictureFiles();
const stored = { data: colours, channels: 3, height, width };
const orientations: readonly Orientation[] = [1, 2, 3, 4, 5, 6, 7, 8];

const fileOf = (orientation: Orientation) => {
  const file = files.find(({ name }) => name === `turned ${orientation}.webp`);
  if (file === undefined) throw new Error('no such file');
  return file;
};

describe('orientation', () => {
  it.each(orientations)('%i is what EXIF means by it', (orientation) => {
    const { expected, ...size } = fileOf(orientation);
    const turned = turn(stored, orientation);
    expect(turned).toEqual({ data: expected, channels: 3, height: size.height, width: size.width });
  });

  it.each(orientations)('%i is taken out of a WebP file', async (orientation) => {
    const bytes = Uint8Array.from(fileOf(orientation).bytes);
    const taken = takeWebpOrientation(bytes);
    expect(taken.orientation).toBe(orientation);
    expect(await decodePicture(taken.upright, { channels: 3 })).toEqual(stored);
  });

  it('is as usual where a file says nothing, or is cut off', () => {
    const plain = Uint8Array.from(files.find(({ name }) => name === 'colour.webp')?.bytes ?? []);
    expect(takeWebpOrientation(plain)).toEqual({ orientation: 1, upright: plain });
    const bytes = Uint8Array.from(fileOf(6).bytes);
    for (let length = 0; length < bytes.length; length++) {
      const { orientation } = takeWebpOrientation(bytes.slice(0, length));
      expect([1, 6]).toContain(orientation);
    }
    expect(takeWebpOrientation(bytes.slice(0, 40)).orientation).toBe(1);
  });
});
