import { App } from './app.js';
import { exampleDigits, showExamples } from './examples.js';
import { urlOf } from './pixels.js';

const digits = exampleDigits();
const [, , , three] = digits;
const app = new App(three === undefined ? '' : urlOf(three));
showExamples(digits, (image) => {
  app.showExample(image);
});
void app.boot();
