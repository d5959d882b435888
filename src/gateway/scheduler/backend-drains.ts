import { plainUrl } from '../../core/plain-url.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { nearestName } from '../../core/spelling.ts';
import type { Backend, Fleet } from '../route/fleet.ts';

/** A backend, as the commands about maintenance show it. */
export interface BackendStatus {
  readonly url: string;
  readonly state: 'up' | 'down';
  readonly drained: boolean;
  /** When it was drained, as ISO 8601. */
  readonly since?: string;
  /** Requests that run there, prompts included that the server still reads for clients that have left. */
  readonly in_flight: number;
  /** The model that it loads. */
  readonly loading?: string;
  /** Nothing of this gateway runs there. */
  readonly idle: boolean;
}

/** The parts that {@link BackendDrains} needs. */
export interface DrainOptions {
  readonly fleet: Fleet;
  /** The drained backends of the last process; `undefined` if they cannot be read. */
  readonly read: () => ReadonlyMap<string, string> | undefined;
  readonly write: (drained: ReadonlyMap<string, string>) => Promise<Result<undefined>>;
  /** Tells routing that the drained backends are others. */
  readonly onChange: () => void;
}

/** Backends that an operator has drained: nothing new goes there, and what runs ends. It outlives reloads and restarts. */
export class BackendDrains {
  readonly #options: DrainOptions;
  #drained: ReadonlyMap<string, string>;

  constructor(options: DrainOptions) {
    this.#options = options;
    this.#drained = options.read() ?? new Map();
  }

  has(url: string): boolean {
    return this.#drained.has(url);
  }

  /** Reads the file again: another instance may have changed it. */
  reread(): void {
    const read = this.#options.read();
    if (read === undefined) return;
    const isSame = read.size === this.#drained.size && [...read.keys()].every((url) => this.#drained.has(url));
    this.#drained = read;
    if (!isSame) this.#options.onChange();
  }

  /**
   * Drains a backend, or takes it back. It holds at once. Problems: `backend.unknown`; `state.not-written`, and then it holds all the same
   * until a restart.
   */
  async set(text: string, drained: boolean, since: string): Promise<Result<BackendStatus>> {
    const url = this.#find(text);
    if (!url.ok) return url;
    if (this.#drained.has(url.value) !== drained) {
      const next = new Map(this.#drained);
      if (drained) next.set(url.value, since);
      else next.delete(url.value);
      this.#drained = next;
      this.#options.onChange();
    }
    // Also without a change: an earlier write may have failed.
    const written = await this.#options.write(this.#drained);
    return written.ok ? ok(this.#statusOf(url.value)) : written;
  }

  /** All backends of the configuration, and drained ones that it no longer has. */
  list(): readonly BackendStatus[] {
    const urls = new Set([...this.#configured().map(({ url }) => url), ...this.#drained.keys()]);
    return [...urls].map((url) => this.#statusOf(url));
  }

  #configured(): readonly Backend[] {
    return [...this.#options.fleet.backends.values()].filter(({ draining }) => !draining);
  }

  #find(text: string): Result<string> {
    const urls = this.list().map(({ url }) => url);
    const wanted = plainUrl(text);
    const found = urls.find((url) => plainUrl(url) === wanted);
    return found === undefined ? fail(unknownBackend(text, urls)) : ok(found);
  }

  #statusOf(url: string): BackendStatus {
    const backend = this.#options.fleet.backends.get(url);
    const replicas = [...(backend?.replicas ?? [])];
    const abandoned = replicas.reduce((sum, { abandonedPrefills }) => sum + abandonedPrefills.length, 0);
    const running = (backend?.inFlight ?? 0) + abandoned;
    const loading = replicas.find(({ id }) => id === backend?.loading)?.model ?? backend?.implicitLoad?.replica.model;
    const since = this.#drained.get(url);
    return {
      url,
      state: backend?.circuit.state === 'closed' ? 'up' : 'down',
      drained: since !== undefined,
      ...(since === undefined ? {} : { since }),
      in_flight: running,
      ...(loading === undefined ? {} : { loading }),
      idle: running === 0 && loading === undefined,
    };
  }
}

function unknownBackend(text: string, urls: readonly string[]): Problem {
  const meant = nearestName(text, urls);
  return {
    code: 'backend.unknown',
    summary: `there is no backend ${text}`,
    detail: `Expected one of ${urls.join(', ')}, found ${text}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`,
    fix: meant === undefined ? 'hxllm backend list' : `hxllm backend drain ${meant}`,
  };
}
