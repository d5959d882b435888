/** The parts that a lister needs. */
export interface ModelListerOptions {
  /** URLs of the servers whose models give names to wildcards. */
  readonly servers: () => readonly string[];
  /** The models that a server has; `undefined` if it does not answer. */
  readonly list: (server: string) => Promise<readonly string[] | undefined>;
  /** Called with the models of each server when they have changed; the list ends with it. */
  readonly onFound: (found: ReadonlyMap<string, readonly string[]>) => Promise<void>;
  readonly now: () => number;
}

/** Between two lists that no request asked for, ms. */
const INTERVAL_MS = 30_000;
/** Between two lists that requests ask for, ms: names that no server has are cheap to invent. */
const LEAST_MS = 1000;

/** Lists the models of the servers behind wildcards: every 30 s, and when a request asks for a name that is not known. */
export class ModelLister {
  readonly #options: ModelListerOptions;
  readonly #timer: NodeJS.Timeout;
  #found: ReadonlyMap<string, readonly string[]> = new Map();
  #running: Promise<void> | undefined;
  #endedMs = -Infinity;
  #closed = false;

  constructor(options: ModelListerOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.look(), INTERVAL_MS);
    this.#timer.unref();
  }

  /** The models of each server, by URL. A server that does not answer keeps those that it had. */
  get found(): ReadonlyMap<string, readonly string[]> {
    return this.#found;
  }

  /** Lists all servers, unless that was done less than a second ago. One run serves all that ask for it meanwhile. */
  async look(): Promise<void> {
    if (this.#closed || this.#options.servers().length === 0) return;
    if (this.#running === undefined && this.#options.now() - this.#endedMs < LEAST_MS) return;
    this.#running ??= this.#list();
    await this.#running;
  }

  /** Lists all servers, also if that was done a moment ago: the configuration has changed, or a server came back. */
  async lookNow(): Promise<void> {
    await this.#running;
    this.#endedMs = -Infinity;
    await this.look();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  async #list(): Promise<void> {
    try {
      const servers = this.#options.servers();
      const lists = await Promise.all(
        servers.map(async (server) => [server, (await this.#options.list(server)) ?? this.#found.get(server)] as const),
      );
      const found = new Map(lists.flatMap(([server, models]) => (models === undefined ? [] : [[server, models]])));
      const changed = !isSame(found, this.#found);
      this.#found = found;
      if (changed && !this.#closed) await this.#options.onFound(found);
    } finally {
      this.#endedMs = this.#options.now();
      this.#running = undefined;
    }
  }
}

// Ollama lists the model that was changed last first, and servers behind one address list the same models in different orders.
function isSame(a: ReadonlyMap<string, readonly string[]>, b: ReadonlyMap<string, readonly string[]>): boolean {
  return (
    a.size === b.size &&
    [...a].every(([server, models]) => {
      const others = new Set(b.get(server));
      return b.has(server) && others.size === new Set(models).size && models.every((model) => others.has(model));
    })
  );
}
