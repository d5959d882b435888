import type { UnknownKey } from './section.ts';
import { OLLAMA_OPTIONS } from './sections/ollama-options.ts';

/** Ollama's options of a mapping: known ones as `read`, unknown ones as `given`. */
export function knownOptions(
  read: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const option = Object.hasOwn(OLLAMA_OPTIONS, name) ? read[name] : value;
    // LiteLLM accepts one stop sequence as text, Ollama only a list.
    if (option !== undefined && option !== null)
      options[name] = name === 'stop' && typeof option === 'string' ? [option] : option;
  }
  return options;
}

/** Ollama ignores options that it does not know; a newer one may know them. */
export const warnOfUnknownOption: UnknownKey = (path, name, known, findings) =>
  findings.unknownKey(path, name, known, 'sent to Ollama as an option');
