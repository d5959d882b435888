/** The description of a key or variable, for the documentation and the JSON Schema. */
export interface KeyDescription {
  /** Sentences; the first one says what the key sets. */
  readonly meaning: string;
  /** The value that counts if the key is absent. */
  readonly default?: string | number | boolean;
  /** Keys that count, in turn, if this one is absent; `default` counts if they are absent too. */
  readonly inherits?: readonly string[];
  /** The unit of a number. */
  readonly unit?: string;
  readonly example?: unknown;
}

/** The meaning with the unit and the keys that count without this one, in sentences. */
export function descriptionText({ meaning, unit, inherits = [], default: otherwise }: KeyDescription): string {
  const last = inherits.length > 0 && otherwise !== undefined ? [String(otherwise)] : [];
  return [
    meaning,
    ...(unit === undefined ? [] : [`Unit: ${unit}.`]),
    ...(inherits.length === 0 ? [] : [`Without it: ${[...inherits, ...last].join(', else ')}.`]),
  ].join(' ');
}
