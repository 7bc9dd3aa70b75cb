import { transformed } from '../../data/transforms/random.js';

/** The pixels of transformed pictures, in base64. */
export default function transform(): readonly string[] {
  return transformed().map(({ data }) => {
    let text = '';
    for (const value of data) text += String.fromCharCode(value);
    return btoa(text);
  });
}
