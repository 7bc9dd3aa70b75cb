// Your own pictures: a folder for each class, a transform of your own, a model that takes pictures of any size.
//
//     node examples/own-pictures.mjs [epochs] [folder]
//
// Without a folder it draws one: 40 pictures each of discs, squares and triangles, of several sizes and kinds of files.
import { Buffer } from 'node:buffer';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { augmentPolicies, loadClassifier, openData, trainResNet } from 'ort-train';

const shapes = {
  disc: '<circle cx="50" cy="50" r="36"/>',
  square: '<rect x="18" y="18" width="64" height="64"/>',
  triangle: '<path d="M50 12 L88 84 L12 84 Z"/>',
};

/** A shape in one of many colours, turned and moved a little. */
function draw(shape, i, size) {
  const [turn, dx, dy, hue] = [(i * 7) % 30, (i * 3) % 11, (i * 5) % 11, (i * 67) % 360];
  return sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="-10 -10 120 120">` +
        `<rect x="-10" y="-10" width="120" height="120" fill="hsl(${(hue + 150) % 360} 40% 80%)"/>` +
        `<g fill="hsl(${hue} 70% 40%)" transform="translate(${dx - 5} ${dy - 5}) rotate(${turn - 15} 50 50)">` +
        `${shapes[shape]}</g></svg>`,
    ),
  );
}

async function drawFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'ort-train-pictures-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const shape of Object.keys(shapes)) {
    mkdirSync(join(folder, shape));
    for (let i = 0; i < 40; i++) {
      const file = join(folder, shape, `${i}.${['png', 'jpg', 'webp'][i % 3]}`);
      await draw(shape, i, 60 + 2 * i).toFile(file);
    }
  }
  return folder;
}

/** A transform of one's own: a function of a picture and of random numbers that depend on seed, epoch and picture alone. */
function darken(picture, random) {
  const share = 0.5 + (random.next() >>> 1) / 2 ** 32; // 0.5 to 1
  return { ...picture, data: picture.data.map((value) => Math.round(value * share)) };
}

const [epochs = 8, folder] = process.argv.slice(2);
const size = [32, 32];
const { train, test, report } = await openData(folder ?? (await drawFolder()), { imageSize: size });
console.log(`${train.count} pictures to train with, ${test.count} to test with: ${train.classes.join(', ')}`);
for (const line of report.warnings) console.log(line);

const { testAccuracy, history, model } = await trainResNet({
  data: { train, test },
  preset: 'resnet20-cifar', // smaller than the default, resnet18
  augment: [...augmentPolicies.light(size), darken],
  ...{ epochs: Number(epochs), learningRate: 3e-3, autotune: false },
});
console.log(`accuracy ${(100 * testAccuracy).toFixed(1)} % after ${history.stepLosses.length} steps`);

// The model says itself how a picture of any size becomes its input, and which labels it has.
const classifier = await loadClassifier(model);
const { label, probability } = await classifier.predict(await draw('triangle', 99, 200).png().toBuffer());
console.log(`a new picture of 200x200: ${label}, ${(100 * probability).toFixed(1)} %`);
await classifier.dispose();
