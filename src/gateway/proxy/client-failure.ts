import type { Failure } from '../exchange.ts';

/** Longest text of a server that a client gets, characters. */
const MOST_LENGTH = 1000;

const KEY = /\bsk-[\w*-]{6,}/g;

// Addresses, files and keys of the operator: "dial tcp 10.0.0.5:11434: connection refused", "open /usr/share/ollama/…", "Incorrect API
// key provided: sk-…".
const PRIVATE: readonly (readonly [text: RegExp, instead: string])[] = [
  [/(?:\b\d{1,3}(?:\.\d{1,3}){3}|\blocalhost|\[[0-9a-f:]+\])(?::\d{1,5})?(?![\w.])/gi, '[address]'],
  [/(?<![\w.#])\/(?:root|home|usr|var|opt|etc|tmp|mnt|srv|data|Users)\/[^\s"',;)]*/g, '[path]'],
  [KEY, '[key]'],
];

/** A failure as a client gets it: without the operator's addresses, files and keys, which servers put into their errors. */
export function clientFailure(failure: Failure): Failure {
  const text = PRIVATE.reduce((message, [pattern, instead]) => message.replace(pattern, instead), failure.message);
  return text === failure.message && text.length <= MOST_LENGTH
    ? failure
    : { ...failure, message: text.slice(0, MOST_LENGTH) };
}

/** A server's words for the log: without keys. */
export function withoutKeys(text: string): string {
  return text.replace(KEY, '[key]');
}
