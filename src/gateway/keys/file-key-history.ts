import type { KeyConfig } from '../../schema/gateway-config.ts';

/** The part of a key of the operator's files that is kept: its name and team. */
export interface KnownFileKey {
  readonly alias: string;
  readonly team?: string;
}

/** The keys that have stood in the operator's files, by hash. */
export type KnownFileKeys = Readonly<Record<string, KnownFileKey>>;

/** The place where the keys are kept: gets all of them when there is a new one, or one was forgotten. */
export interface HistoryPlace {
  readonly onChange: (known: KnownFileKeys) => void;
  readonly flush: () => Promise<void>;
}

const NOWHERE: HistoryPlace = { onChange: () => {}, flush: () => Promise.resolve() };

/** Most keys that are remembered; a further one takes the place of the one that has been gone for longest. */
const MOST_KNOWN = 10_000;

/**
 * The keys that have stood in the operator's files. A key that was taken out is blocked: its owner is told so, and lists show it, where an
 * unknown key could be any mistake.
 */
export class FileKeyHistory {
  readonly #known: Map<string, KnownFileKey>;
  readonly #place: HistoryPlace;

  constructor(known: KnownFileKeys = {}, place: HistoryPlace = NOWHERE) {
    this.#known = new Map(Object.entries(known));
    this.#place = place;
  }

  /** Waits until the keys are kept. */
  async flush(): Promise<void> {
    await this.#place.flush();
  }

  /** The keys of the files now; returns those that stood there before, as blocked keys by hash. */
  takenOut(current: readonly KeyConfig[]): ReadonlyMap<string, KeyConfig> {
    const hashes = new Set(current.map(({ hash }) => hash));
    const gone = [...this.#known].filter(([hash]) => !hashes.has(hash));
    const isNew = current.some(({ hash, alias, team }) => {
      const known = this.#known.get(hash);
      return known?.alias !== alias || known.team !== team;
    });
    if (isNew) this.#remember(current, gone);
    return new Map(gone.map(([hash, known]) => [hash, takenOutKey(hash, known)]));
  }

  /** Keys of the files come last, so that those that have been gone for longest are forgotten first. */
  #remember(current: readonly KeyConfig[], gone: readonly (readonly [string, KnownFileKey])[]): void {
    this.#known.clear();
    const kept = gone.slice(Math.max(0, gone.length + current.length - MOST_KNOWN));
    for (const [hash, known] of kept) this.#known.set(hash, known);
    for (const { hash, alias, team } of current)
      this.#known.set(hash, team === undefined ? { alias } : { alias, team });
    this.#place.onChange(Object.fromEntries(this.#known));
  }
}

function takenOutKey(hash: string, { alias, team }: KnownFileKey): KeyConfig {
  return {
    alias,
    hash,
    team,
    expiresMs: undefined,
    blocked: true,
    models: [],
    limits: { perMinute: undefined, tokensPerMinute: undefined, parallel: undefined },
  };
}
