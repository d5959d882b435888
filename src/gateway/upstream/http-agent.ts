import { Agent, Client, Pool, type buildConnector, type Dispatcher } from 'undici';
import { connector } from './connector.ts';

/** The connections to all servers. One agent serves for as long as the gateway runs, and connects as the current configuration says. */
export class HttpAgent {
  readonly #agent: Agent;
  /** The agent's pools, by origin. The agent closes a pool without connections, and makes a new one for the next request. */
  readonly #pools = new Map<string, Pool>();
  readonly #options: Pick<Client.Options, 'headersTimeout' | 'bodyTimeout' | 'allowH2' | 'connect'>;
  #connect: buildConnector.connector;

  constructor(connectMs: number) {
    this.#connect = connector(connectMs);
    // undici's own time-outs are off: the limits are those of the exchange. Ollama does not speak HTTP/2.
    this.#options = {
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
      // undici cancels a connect by the socket that the connector returns.
      connect: (options, callback) => this.#connect(options, callback),
    };
    const factory = (origin: string | URL, options: object): Pool => {
      const pool = new Pool(origin, options);
      this.#pools.set(String(origin), pool);
      return pool;
    };
    this.#agent = new Agent({ ...this.#options, factory });
  }

  /** The dispatcher for a server: its pool, since the agent's own search for it takes 0.5 µs. */
  at(origin: string): Dispatcher {
    const pool = this.#pools.get(origin);
    return pool === undefined || pool.closed || pool.destroyed ? this.#agent : pool;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  /** A dispatcher for one server whose connection is new; its owner closes it. */
  fresh(origin: string): Dispatcher {
    return new Client(origin, this.#options);
  }

  /** Limits the time of every connect from now on, and forgets the pools that the agent has closed. */
  limitConnect(connectMs: number): void {
    for (const [origin, pool] of this.#pools) if (pool.closed || pool.destroyed) this.#pools.delete(origin);
    this.#connect = connector(connectMs);
  }
}
