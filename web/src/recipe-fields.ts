import { html } from './dom.js';
import type { Settings } from './settings.js';

interface FieldBase {
  readonly name: Exclude<keyof Settings, 'architecture' | 'shortcut' | 'norm'>;
  readonly label: string;
  /** What it is and what to look for, in a sentence or two. */
  readonly hint: string;
}

/** A setting that is typed in. */
export interface NumberField extends FieldBase {
  readonly kind: 'number';
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

/** A setting that is chosen. */
export interface ChoiceField extends FieldBase {
  readonly kind: 'choice';
  readonly choices: readonly (readonly [value: string, label: string])[];
}

/** The settings of the recipe, in the order of the form. */
export const recipeFields: readonly (NumberField | ChoiceField)[] = [
  {
    ...{ kind: 'number', name: 'epochs', label: 'Epochs', least: 1, most: 200, whole: true },
    hint: 'How often it sees each training image. More help as long as the held-out line rises.',
  },
  {
    kind: 'choice',
    name: 'images',
    label: 'Training digits',
    choices: [
      ['3200', '3,200'],
      ['12800', '12,800'],
      ['38400', '38,400'],
    ],
    hint: 'Made for you in many handwritings. More take longer, and it copes with more hands.',
  },
  {
    ...{ kind: 'number', name: 'learningRate', label: 'Learning rate', least: 1e-6, most: 1, whole: false },
    hint: 'The size of each step. Too large and the loss jumps about, too small and it crawls.',
  },
  {
    ...{
      kind: 'number',
      name: 'stepSize',
      label: 'Lower it every … epochs',
      least: 1,
      most: 200,
      whole: true,
    },
    hint: 'StepLR: large steps at first, fine ones later. Look for a drop of the loss when it falls.',
  },
  {
    ...{ kind: 'number', name: 'gamma', label: '… to this share', least: 0.001, most: 1, whole: false },
    hint: 'Gamma of StepLR: 0.3 leaves three tenths each time, 1 never lowers it.',
  },
  {
    ...{ kind: 'number', name: 'batchSize', label: 'Batch size', least: 2, most: 512, whole: true },
    hint: 'Images averaged for one step. Larger is smoother, but takes fewer steps in an epoch.',
  },
  {
    kind: 'choice',
    name: 'device',
    label: 'Runs on',
    choices: [
      ['auto', 'Automatic'],
      ['wasm', 'CPU (WebAssembly)'],
      ['webgpu', 'GPU (WebGPU)'],
    ],
    hint: 'The GPU is worth it for larger networks; small ones are often quicker on the CPU.',
  },
  {
    ...{ kind: 'number', name: 'seed', label: 'Seed', least: 0, most: 2 ** 31 - 1, whole: true },
    hint: 'Where chance begins: the same seed gives the same start and the same order of images.',
  },
];

/** A field with its label, its control and its hint. */
export function fieldElement(field: NumberField | ChoiceField): HTMLDivElement {
  const id = `recipe-${field.name}`;
  const shared = { id, name: field.name, 'aria-describedby': `${id}-hint` };
  const control =
    field.kind === 'choice'
      ? html('select', shared, ...field.choices.map(([value, label]) => html('option', { value }, label)))
      : html('input', {
          ...{ ...shared, type: 'number', inputmode: field.whole ? 'numeric' : 'decimal', required: true },
          ...{ min: field.least, max: field.most, step: field.whole ? 1 : 'any' },
        });
  return html(
    'div',
    { class: 'field' },
    html('label', { class: 'label', for: id }, field.label),
    control,
    html('p', { class: 'hint', id: `${id}-hint` }, field.hint),
  );
}

/** The number in a field. Throws RangeError with a sentence for people. */
export function readNumber({ label, least, most, whole }: NumberField, text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (Number.isFinite(value) && value >= least && value <= most && (!whole || Number.isInteger(value))) {
    return value;
  }
  const kind = whole ? 'a whole number' : 'a number';
  const got = text.trim() === '' ? 'nothing' : text;
  throw new RangeError(`${label.replace(/^… /, '')}: expected ${kind} from ${least} to ${most}, got ${got}.`);
}
