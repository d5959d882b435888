/** A key of a service in a text, as its shape shows it. */
export const KEY = /\b(?:sk-[\w*-]{6,}|(?:hf|gsk|ghp)_\w{10,})|(?<=\bBearer )[\w.~+/=-]{6,}/g;

/** A text of a server or a client, for people: without keys. */
export function withoutKeys(text: string): string {
  return text.replace(KEY, '[key]');
}

/** The same of a short name, for which the search is mostly not needed: every request has one. */
export function nameWithoutKeys(name: string): string {
  return name.includes('-') || name.includes('_') || name.includes(' ') ? withoutKeys(name) : name;
}
