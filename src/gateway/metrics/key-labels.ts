import type { ClientKey } from '../keys/client-key.ts';

/** The label values of all keys beyond the limit. A key of this name counts there, too. */
const OTHER = 'other';

/** The label values of a key. */
export interface KeyLabels {
  /** Its name and that of its team, empty without one. */
  readonly labels: readonly [key: string, team: string];
  /** The key as it was with its last request; `undefined`: these are all keys beyond the limit. */
  key: ClientKey | undefined;
  /** Another key has their place. */
  isForgotten: boolean;
  /** The same with one value more, by that value: joined anew for each request they take a µs. */
  readonly longer: Map<string, LongerLabels>;
}

/** Label values with their key in a metric. */
export interface LongerLabels {
  readonly labels: readonly string[];
  readonly key: string;
}

/** The surroundings of labels. */
export interface KeyLabelOptions {
  /** Keys with labels of their own. */
  readonly mostKeys: () => number;
  /** Whether a key still exists under its name. */
  readonly exists: (key: ClientKey) => boolean;
  /** Told the names of keys that have no labels any more. */
  readonly onForget: (names: ReadonlySet<string>) => void;
}

/**
 * The label values of keys: of the first ones that ask, and of all others together. Names of keys are made by their owners, in any number, and
 * each would make series for ever. Keys that were deleted make room for others.
 */
export class KeyLabelSet {
  readonly other: KeyLabels = {
    labels: [OTHER, OTHER],
    key: undefined,
    isForgotten: false,
    longer: new Map(),
  };
  readonly #byNames = new Map<string, KeyLabels>([['other\0other', this.other]]);
  readonly #byKey = new WeakMap<ClientKey, KeyLabels>();
  readonly #options: KeyLabelOptions;
  /** A key was counted with others. */
  isFull = false;

  constructor(options: KeyLabelOptions) {
    this.#options = options;
  }

  /** The keys that have labels of their own. */
  *own(): Generator<ClientKey> {
    for (const { key } of this.#byNames.values()) if (key !== undefined) yield key;
  }

  of(key: ClientKey, team = ''): KeyLabels {
    const known = this.#byKey.get(key);
    // A team may get another name at any time.
    const isRight = known?.labels[1] === team || known === this.other;
    if (known !== undefined && isRight && !known.isForgotten) return known;
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
    if (this.#isFull() && !this.#makeRoom()) {
      this.isFull = true;
      return this.other;
    }
    const fresh: KeyLabels = { labels: [key.alias, team], key, isForgotten: false, longer: new Map() };
    this.#byNames.set(names, fresh);
    return fresh;
  }

  #isFull(): boolean {
    // One of them is `other`.
    return this.#byNames.size > this.#options.mostKeys();
  }

  /** Whether a key that was deleted or renamed had a place. */
  #makeRoom(): boolean {
    const gone = new Set<string>();
    for (const [names, labels] of this.#byNames) {
      if (labels.key === undefined || this.#options.exists(labels.key)) continue;
      labels.isForgotten = true;
      this.#byNames.delete(names);
      gone.add(labels.labels[0]);
    }
    // Another key may have got the name.
    for (const { labels } of this.#byNames.values()) gone.delete(labels[0]);
    if (gone.size > 0) this.#options.onForget(gone);
    return !this.#isFull();
  }
}
