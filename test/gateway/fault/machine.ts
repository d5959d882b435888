import { setTimeout as sleep } from 'node:timers/promises';
import { startSim, type Fault, type Sim, type SimOptions } from '../../../src/sim/server.ts';
import type { Random } from './seed.ts';

// An address of its own: no other program gets its port during a restart. Other systems have one loopback address.
const HOST =
  process.platform === 'linux'
    ? `127.${String(1 + ((process.pid >> 8) % 254))}.${String(process.pid % 256)}.1`
    : '127.0.0.1';

/** A simulated server with random faults that restarts on the same port. */
export class FaultyServer {
  readonly #options: SimOptions;
  #sim: Sim;
  #kills = 0;

  private constructor(options: SimOptions, sim: Sim) {
    this.#options = options;
    this.#sim = sim;
  }

  static async start(options: SimOptions): Promise<FaultyServer> {
    return new FaultyServer(options, await startSim({ ...options, host: HOST }));
  }

  get url(): string {
    return this.#sim.url;
  }

  get kills(): number {
    return this.#kills;
  }

  /** The current server. */
  get sim(): Sim {
    return this.#sim;
  }

  /** Closes every connection at once, waits `awayMs`, and starts again with empty memory. */
  async restart(awayMs: number): Promise<void> {
    this.#kills += 1;
    const { port } = this.#sim;
    await this.#sim.close();
    await sleep(awayMs);
    this.#sim = await startSim({ ...this.#options, host: HOST, port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sim.close();
  }

  /** Adds a random fault that leaves the server running. */
  injectFault(random: Random): void {
    const after = random.below(6);
    this.#sim.faults.add(
      random.pick<Fault>([
        { kind: 'error', message: 'simulated failure' },
        { kind: 'error', status: 503, message: 'server busy, please try again.  maximum pending requests exceeded' },
        { kind: 'slow-load', ms: 150 },
        { kind: 'stall', ms: 100, after },
        { kind: 'die', after },
        { kind: 'cut', after },
        { kind: 'reset', after },
        { kind: 'garbage', after },
        { kind: 'repeat', after: after + 1 },
      ]),
    );
  }
}
