/** The element of that id. Throws if the page lacks it or has another kind of element there: a bug of the page. */
export function byId<E extends Element>(id: string, type: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} '${id}'`);
  return found;
}

type Child = Node | string;
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An HTML element; attributes that are false or undefined are left out. */
export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** As `html`, for SVG. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children);
  return element;
}

/** The 2D context of a canvas. Throws where the browser gives none, e.g. for want of memory. */
export function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  // Most canvases here are small and read again.
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error(`no 2D context for the canvas '${canvas.id}'`);
  return context;
}

/** Shows a sentence in an element that is hidden while there is nothing to say. */
export function say(element: HTMLElement, text: string | undefined): void {
  element.hidden = text === undefined;
  // Unchanged text is left alone: screen readers would read it again.
  if (text !== undefined && element.textContent !== text) element.textContent = text;
}

/** Replaces an element's text if it differs. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
