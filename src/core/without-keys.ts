/** A key of a service in a text, as its shape shows it. */
export const KEY = /\b(?:sk-[\w*-]{6,}|(?:hf|gsk|ghp)_\w{10,})|(?<=\bBearer )[\w.~+/=-]{6,}/g;

/** A text of a server or a client, for people: without keys. */
export function withoutKeys(text: string): string {
  return text.replace(KEY, '[key]');
}
