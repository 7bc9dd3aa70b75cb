import { list, number, object, flag, optional, positive, said, text, whole } from '../../schema.js';
import * as v from 'valibot';

const group = 'Data:';

const dataOptionsSchema = object({
  classes: optional(
    said(list(text(), 'labels'), 'labels of the classes in their order, for a folder of your own', {
      ...{ group, flag: 'labels' },
    }),
  ),
  cacheDir: optional(said(text(), 'where downloaded data sets are kept', { group })),
  digits: optional(
    object({
      train: optional(
        said(whole(1), 'embedded digits to train on', { group, flag: 'digitsTrain', fallback: '38400' }),
      ),
      test: optional(
        said(whole(1), 'embedded digits to test on', { group, flag: 'digitsTest', fallback: '2000' }),
      ),
      seed: optional(
        said(whole(0), 'seed of the embedded digits', { group, flag: 'digitsSeed', fallback: '1' }),
      ),
    }),
  ),
  images: optional(
    said(
      object({
        channels: optional(v.picklist([1, 3], '1 or 3')),
        height: optional(whole(1)),
        width: optional(whole(1)),
        resize: optional(flag()),
        invert: optional(flag()),
        testShare: optional(number({ above: 0, below: 1 })),
        seed: optional(whole(0)),
      }),
      'in a browser: how image files become a data set',
      { flag: false },
    ),
  ),
});

/** What is trained on, and how it is opened. */
export const dataFields = {
  data: optional(
    said(
      text(),
      'digits (embedded), mnist, fashion-mnist, cifar10, cifar100, or a folder of IDX or CIFAR files',
    ),
    'digits',
  ),
  dataOptions: optional(said(dataOptionsSchema, 'how they are opened', { here: true })),
};

const images = 'Images:';

/** What is done to the images: random changes in training, normalisation always. */
export const transformFields = {
  augment: optional(
    said(
      object({
        pad: optional(
          said(
            whole(0),
            'pad each training image by so many black pixels and cut a random part of its size',
            {
              ...{ group: images, flag: 'randomCrop', fallback: '0' },
            },
          ),
        ),
        crop: optional(
          said(flag(), 'whether to cut, true unless given where there is a pad', { flag: false }),
        ),
        flip: optional(
          said(flag(), 'mirror half of the training images left and right', {
            group: images,
            flag: 'randomFlip',
          }),
        ),
      }),
      'random changes of the training images',
      { order: true },
    ),
  ),
  mixup: optional(
    said(
      positive(),
      'mix each training image with the one before it in the batch, in parts from Beta(a, a); labels, too',
      { group: images, order: true },
    ),
  ),
  cutmix: optional(
    said(
      positive(),
      'give each training image a box of the one before it in the batch, its share from Beta(a, a); labels, too',
      { group: images, order: true },
    ),
  ),
  normalization: optional(
    object({
      mean: optional(
        said(list(number()), 'subtracted from pixel / 255, a number for each channel, as 0.49,0.48,0.45', {
          group: images,
        }),
      ),
      std: optional(
        said(list(number()), 'divided by after that, a number for each channel, as 0.25,0.24,0.26', {
          group: images,
        }),
      ),
    }),
  ),
};
