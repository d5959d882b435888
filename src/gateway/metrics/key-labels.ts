import type { ClientKey } from '../keys/client-key.ts';

/** The label values of all keys beyond the limit. A key of this name counts there, too. */
const OTHER = 'other';

/** The label values of a key. */
export interface KeyLabels {
  /** Its name and that of its team, empty without one. */
  readonly labels: readonly [key: string, team: string];
  /** The key as it was with its last request; `undefined`: these are all keys beyond the limit. */
  key: ClientKey | undefined;
  /** The same with one value more, by that value: joined anew for each request they take a µs. */
  readonly longer: Map<string, LongerLabels>;
}

/** Label values with their key in a metric. */
export interface LongerLabels {
  readonly labels: readonly string[];
  readonly key: string;
}

/**
 * The label values of keys: of the first ones that ask, and of all others together. Names of keys are made by their owners, in any number, and
 * each would make series for ever.
 */
export class KeyLabelSet {
  readonly other: KeyLabels = { labels: [OTHER, OTHER], key: undefined, longer: new Map() };
  readonly #byNames = new Map<string, KeyLabels>([['other\0other', this.other]]);
  readonly #byKey = new WeakMap<ClientKey, KeyLabels>();
  readonly #most: () => number;
  /** A key was counted with others. */
  isFull = false;

  constructor(most: () => number) {
    this.#most = most;
  }

  /** The keys that have labels of their own. */
  *own(): Generator<ClientKey> {
    for (const { key } of this.#byNames.values()) if (key !== undefined) yield key;
  }

  of(key: ClientKey, team = ''): KeyLabels {
    const known = this.#byKey.get(key);
    // A team may get another name at any time.
    if (known !== undefined && (known.labels[1] === team || known === this.other)) return known;
    const found = this.#named(key, team);
    this.#byKey.set(key, found);
    return found;
  }

  #named(key: ClientKey, team: string): KeyLabels {
    const names = `${key.alias}\0${team}`;
    const known = this.#byNames.get(names);
    if (known !== undefined) {
      if (known !== this.other) known.key = key;
      return known;
    }
    // One of them is `other`.
    if (this.#byNames.size > this.#most()) {
      this.isFull = true;
      return this.other;
    }
    const fresh: KeyLabels = { labels: [key.alias, team], key, longer: new Map() };
    this.#byNames.set(names, fresh);
    return fresh;
  }
}
