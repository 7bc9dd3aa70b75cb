import { byId, html, say, setText } from './dom.js';
import { count, rate } from './format.js';
import { fieldElement, readNumber, recipeFields } from './recipe-fields.js';
import { architectures, defaults, type OwnData, type Settings } from './settings.js';

/** The switches of the page and the settings that they say. */
export class SettingsForm {
  readonly #form = byId('settings', HTMLFormElement);
  readonly #alert = byId('settings-alert', HTMLElement);
  readonly #groups = [byId('structure', HTMLFieldSetElement), byId('recipe-fields', HTMLFieldSetElement)];
  readonly #onChange: (settings: Settings) => void;
  #ownData: OwnData | undefined;

  /** @param onChange - Told of each change that leaves all settings in their ranges, and once at the start. */
  constructor(onChange: (settings: Settings) => void) {
    this.#onChange = onChange;
    const [cnns, resnets] = [architectures.filter(isCnn), architectures.filter((each) => !isCnn(each))];
    const option = ({ id, label }: (typeof architectures)[number]): HTMLOptionElement =>
      html('option', { value: id }, label);
    byId('architecture', HTMLSelectElement).append(
      html('optgroup', { label: 'Three blocks between poolings' }, ...cnns.map(option)),
      html('optgroup', { label: 'ResNets of He et al., 2015' }, ...resnets.map(option)),
    );
    byId('recipe-fields', HTMLFieldSetElement).append(...recipeFields.map(fieldElement));
    this.#form.addEventListener('input', () => {
      this.#changed();
    });
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
    });
    this.show(defaults);
  }

  /**
   * The settings. Where one of them is outside its range it is marked, a sentence says what was expected, and the result is
   * undefined.
   */
  read(): Settings | undefined {
    const values: Record<string, unknown> = {};
    for (const name of ['architecture', 'shortcut', 'norm', 'device'] as const)
      values[name] = this.#text(name);
    values['images'] = Number(this.#text('images'));
    let problem: string | undefined;
    for (const field of recipeFields) {
      if (field.kind !== 'number') continue;
      const control = this.#control(field.name);
      try {
        values[field.name] = readNumber(field, this.#text(field.name));
        control.removeAttribute('aria-invalid');
      } catch (error) {
        control.setAttribute('aria-invalid', 'true');
        problem ??= error instanceof Error ? error.message : String(error);
      }
    }
    say(this.#alert, problem);
    return problem === undefined ? { ...defaults, ...values } : undefined;
  }

  /** Shows the first field that is outside its range. */
  focusInvalid(): void {
    byId('recipe', HTMLDetailsElement).open = true;
    this.#form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }

  /** Puts settings into the switches. */
  show(settings: Settings): void {
    for (const [name, value] of Object.entries(settings)) {
      const control = this.#form.elements.namedItem(name);
      if (control instanceof RadioNodeList || control instanceof HTMLInputElement)
        control.value = String(value);
      if (control instanceof HTMLSelectElement) selectValue(control, String(value));
    }
    this.#changed();
  }

  /** Other data than the embedded digits: how many of those are drawn has no meaning then. */
  useOwnData(data: OwnData | undefined): void {
    this.#ownData = data;
    const field = this.#control('images').closest('.field');
    if (field instanceof HTMLElement) field.hidden = data !== undefined;
    this.#changed();
  }

  /** While a network trains, its settings stay as they are. */
  lock(locked: boolean): void {
    for (const group of this.#groups) group.disabled = locked;
    byId('locked', HTMLElement).hidden = !locked;
  }

  #changed(): void {
    const settings = this.read();
    if (settings === undefined) return;
    const { epochs, images, learningRate, stepSize, gamma, batchSize } = settings;
    const falls =
      gamma === 1 ? '' : `, × ${rate(gamma)} every ${stepSize === 1 ? 'epoch' : `${stepSize} epochs`}`;
    setText(
      byId('recipe-summary', HTMLElement),
      `${epochs} × ${this.#ownData?.title ?? `${count(images)} digits`}, batches of ${Math.min(batchSize, this.#ownData?.count ?? batchSize)}, learning rate ${rate(learningRate)}${falls}`,
    );
    this.#onChange(settings);
  }

  #text(name: string): string {
    const control = this.#form.elements.namedItem(name);
    return control instanceof RadioNodeList ? control.value : this.#control(name).value;
  }

  #control(name: string): HTMLInputElement | HTMLSelectElement {
    const control = this.#form.elements.namedItem(name);
    if (control instanceof HTMLInputElement || control instanceof HTMLSelectElement) return control;
    throw new Error(`the form has no field '${name}'`);
  }
}

const isCnn = (architecture: (typeof architectures)[number]): boolean => 'widths' in architecture;

/** Chooses an option, adding it if the list lacks it: a stored run may have been started with another number. */
function selectValue(select: HTMLSelectElement, value: string): void {
  if (![...select.options].some((option) => option.value === value)) {
    select.append(html('option', { value }, Number.isNaN(Number(value)) ? value : count(Number(value))));
  }
  select.value = value;
}
