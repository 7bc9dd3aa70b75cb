/** Names that have capitals of their own. */
const named = /^(webgpu|wasm)\b/;

/** A message of the library's as a sentence: with a capital, unless it begins with a file's name, and a full stop. */
export function sentence(message: string): string {
  const text = message.trim();
  const word = /^\p{Ll}+[,:]?(?=\s)/u.test(text) && !named.test(text);
  const capital = word ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

/** What is shown of an error: its own sentence, which says where, what was expected and what came. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return sentence(text.trim() === '' ? 'something went wrong, and the browser does not say what' : text);
}
