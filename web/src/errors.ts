/** What is shown of an error: its own sentence, which says where, what was expected and what came. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const sentence =
    text.trim() === '' ? 'something went wrong, and the browser does not say what' : text.trim();
  // A message may begin with a file's name, which stays as it is.
  const word = /^\p{Ll}+[,:]?(?=\s)/u.test(sentence);
  const capital = word ? sentence.charAt(0).toUpperCase() + sentence.slice(1) : sentence;
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
