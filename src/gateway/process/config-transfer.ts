import { Secret } from '../../core/secret.ts';
import type {
  BackendConfig,
  Deployment,
  GatewayConfig,
  KeyConfig,
  ModelGroup,
  Wildcard,
} from '../../schema/gateway-config.ts';
import type { ConfigReading } from './config-file.ts';

/**
 * Items of a list in one piece. Receiving a piece takes about 2 ms; a whole configuration of 20,000 deployments would stop the receiver
 * for 50.
 */
const ITEMS = 1000;

/** A value with its key in plain text: a message between threads loses the class of an object. */
type Sent<T extends { readonly apiKey: Secret | undefined }> = Omit<T, 'apiKey'> & {
  readonly apiKey: string | undefined;
};

/** A group or wildcard whose deployments are indexes into the list of deployments, since several may have the same one. */
type Indexed<T, K extends keyof T> = Omit<T, K> & Readonly<Record<K, readonly number[]>>;

interface Lists {
  readonly deployments: readonly Sent<Deployment>[];
  readonly backends: readonly Sent<BackendConfig>[];
  readonly groups: readonly Indexed<ModelGroup, 'deployments'>[];
  readonly wildcards: readonly Indexed<Wildcard, 'fixed' | 'filled'>[];
  readonly keys: readonly KeyConfig[];
  readonly errors: ConfigReading['errors'];
  readonly warnings: ConfigReading['warnings'];
}

/** A reading without its lists. */
interface Rest {
  readonly settings:
    | (Omit<GatewayConfig, 'backends' | 'groups' | 'wildcards' | 'keys' | 'masterKey'> & {
        readonly masterKey: string | undefined;
        readonly previousKey: string | undefined;
      })
    | undefined;
}

/** A part of a reading, as it is sent from the thread that read it. The last one has the rest. */
export type Piece = Partial<Lists> | Rest;

/** Cuts a reading into pieces. */
export function* piecesOf({ config, errors, warnings }: ConfigReading): Generator<Piece> {
  yield* cut('errors', errors);
  yield* cut('warnings', warnings);
  if (config === undefined) {
    yield { settings: undefined };
    return;
  }
  const { backends, groups, wildcards, keys, masterKey, ...settings } = config;
  const indexes = new Map<Deployment, number>();
  const indexesOf = (deployments: readonly Deployment[]): readonly number[] =>
    deployments.map((deployment) => {
      const index = indexes.get(deployment) ?? indexes.size;
      indexes.set(deployment, index);
      return index;
    });
  const indexedGroups = groups.map((group) => ({ ...group, deployments: indexesOf(group.deployments) }));
  const indexedWildcards = wildcards.map((wildcard) => ({
    ...wildcard,
    fixed: indexesOf(wildcard.fixed),
    filled: indexesOf(wildcard.filled),
  }));
  yield* cut('deployments', [...indexes.keys()].map(inPlainText));
  yield* cut('backends', backends.map(inPlainText));
  yield* cut('groups', indexedGroups);
  yield* cut('wildcards', indexedWildcards);
  yield* cut('keys', keys);
  yield {
    settings: {
      ...settings,
      masterKey: masterKey.state === 'none' ? undefined : masterKey.key.reveal(),
      previousKey: masterKey.state === 'none' ? undefined : masterKey.previous?.reveal(),
    },
  };
}

function* cut<K extends keyof Lists>(list: K, items: Lists[K]): Generator<Piece> {
  for (let at = 0; at < items.length; at += ITEMS) yield { [list]: items.slice(at, at + ITEMS) };
}

/** Joins the pieces of a reading. */
export class ReadingAssembly {
  readonly #deployments: Deployment[] = [];
  readonly #backends: BackendConfig[] = [];
  readonly #groups: ModelGroup[] = [];
  readonly #wildcards: Wildcard[] = [];
  readonly #keys: KeyConfig[] = [];
  readonly #errors: ConfigReading['errors'][number][] = [];
  readonly #warnings: ConfigReading['warnings'][number][] = [];

  /** Adds a piece; the last one returns the reading. */
  add(piece: Piece): ConfigReading | undefined {
    if ('settings' in piece) return this.#readingWith(piece);
    const { deployments = [], backends = [], groups = [], wildcards = [], keys = [] } = piece;
    const { errors = [], warnings = [] } = piece;
    for (const deployment of deployments) this.#deployments.push(withSecret(deployment));
    for (const backend of backends) this.#backends.push(withSecret(backend));
    for (const group of groups) {
      const [first, ...others] = this.#at(group.deployments);
      if (first !== undefined) this.#groups.push({ ...group, deployments: [first, ...others] });
    }
    for (const wildcard of wildcards)
      this.#wildcards.push({ ...wildcard, fixed: this.#at(wildcard.fixed), filled: this.#at(wildcard.filled) });
    this.#keys.push(...keys);
    this.#errors.push(...errors);
    this.#warnings.push(...warnings);
    return undefined;
  }

  #readingWith({ settings }: Rest): ConfigReading {
    const [errors, warnings] = [this.#errors, this.#warnings];
    if (settings === undefined) return { errors, warnings };
    const { masterKey, previousKey, ...others } = settings;
    const previous = previousKey === undefined ? {} : { previous: new Secret(previousKey) };
    const config: GatewayConfig = {
      ...others,
      masterKey:
        masterKey === undefined ? { state: 'none' } : { state: 'set', key: new Secret(masterKey), ...previous },
      groups: this.#groups,
      wildcards: this.#wildcards,
      keys: this.#keys,
      backends: this.#backends,
    };
    return { config, errors, warnings };
  }

  #at(indexes: readonly number[]): readonly Deployment[] {
    return indexes.flatMap((index) => this.#deployments[index] ?? []);
  }
}

function inPlainText<T extends { readonly apiKey: Secret | undefined }>(value: T): Sent<T> {
  return { ...value, apiKey: value.apiKey?.reveal() };
}

function withSecret<T extends { readonly apiKey: string | undefined }>(
  value: T,
): Omit<T, 'apiKey'> & { readonly apiKey: Secret | undefined } {
  return { ...value, apiKey: value.apiKey === undefined ? undefined : new Secret(value.apiKey) };
}
