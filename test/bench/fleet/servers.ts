import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { JournalEntry } from '../../../src/sim/runner/journal.ts';
import type { Fault, Scenario } from '../../../src/simulation/scenario.ts';
import { endWithUs } from '../../children.ts';

const PROGRAM = join(import.meta.dirname, '../../../src/sim/main.ts');
/** Room for every context; the number of models is the limit. */
const VRAM_MIB = 8_000_000;
const TRAINED_CONTEXT = 131_072;
/** Tokens in one piece of a stream: LiteLLM takes 3 ms of processor time for each piece. */
const PIECE_TOKENS = 4;

/** The servers of a scenario as processes of `hxllm sim`, of which each is a process of its own: they can die and stand still. */
export class Servers {
  readonly #scenario: Scenario;
  readonly #processes: ChildProcess[] = [];
  /** The events of each server, those of its earlier processes first. */
  readonly #journals: JournalEntry[][];
  /** The last change of each server: the next one waits for it, since a busy machine takes longer than the time between them. */
  readonly #changes = new Map<number, Promise<void>>();
  #isStopped = false;
  readonly urls: string[] = [];

  private constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#journals = scenario.servers.map(() => []);
  }

  /** Starts them, on ports from `firstPort` on, or on any. */
  static async start(scenario: Scenario, firstPort: number | undefined): Promise<Servers> {
    const servers = new Servers(scenario);
    const ports = scenario.servers.map((_spec, index) => (firstPort === undefined ? 0 : firstPort + index));
    try {
      await Promise.all(ports.map((port, index) => servers.#start(index, port)));
    } catch (error) {
      await servers.stop();
      throw error;
    }
    return servers;
  }

  /** Carries out a fault, after the earlier ones of its server. */
  async apply(fault: Fault): Promise<void> {
    const before = this.#changes.get(fault.server) ?? Promise.resolve();
    const change = before.then(async () => this.#change(fault));
    this.#changes.set(fault.server, change);
    await change;
  }

  async #change({ server, change }: Fault): Promise<void> {
    // A process that starts now would outlive the bench.
    if (this.#isStopped) return;
    if (change === 'die') {
      await this.#collect(server);
      this.#processes[server]?.kill('SIGKILL');
    } else if (change === 'start') await this.#start(server, Number(new URL(this.urls[server] ?? '').port));
    else if (change.slow === 0) this.#processes[server]?.kill('SIGSTOP');
    else {
      this.#processes[server]?.kill('SIGCONT');
      await fetch(`${this.urls[server] ?? ''}/sim/speed`, {
        method: 'POST',
        body: JSON.stringify({ speed: change.slow }),
      });
    }
  }

  /** The events of each server until now. */
  async journals(): Promise<readonly (readonly JournalEntry[])[]> {
    await Promise.all(this.urls.map((_url, index) => this.#collect(index)));
    return this.#journals;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.allSettled(this.#changes.values());
    await Promise.all(
      this.#processes.map(async (process) => {
        if (process.exitCode !== null || process.signalCode !== null) return;
        const ended = once(process, 'exit');
        process.kill('SIGKILL');
        await ended;
      }),
    );
  }

  async #start(index: number, port: number): Promise<void> {
    const { servers, models } = this.#scenario;
    const [spec, model] = [servers[index], models[0]];
    if (spec === undefined || model === undefined) throw new Error(`no server ${String(index)}`);
    const flags: Readonly<Record<string, number>> = {
      port,
      'num-parallel': spec.slots,
      'max-loaded-models': spec.room,
      'load-ms': model.loadMs,
      'token-ms': 1000 / model.decode / spec.speed,
      'prefill-ms-per-token': 1000 / model.prefill / spec.speed,
      'piece-tokens': PIECE_TOKENS,
      'vram-mib': VRAM_MIB,
    };
    const weights = weightsOf(models);
    const named = models.flatMap(({ name }) => [
      '--model',
      `${name},weights=${weights.get(name) ?? name},trained-context=${String(TRAINED_CONTEXT)},engine=llama,capabilities=completion`,
    ]);
    const numbers = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const child = spawn(process.execPath, [PROGRAM, '--gpu', ...numbers, ...named], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    endWithUs(child);
    this.#processes[index] = child;
    const [line] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [Buffer | number];
    const url = /http:\S+(?=:)/.exec(String(line))?.[0];
    if (url === undefined) throw new Error(`hxllm sim did not start: ${String(line)}`);
    this.urls[index] = url;
  }

  async #collect(index: number): Promise<void> {
    try {
      const response = await fetch(`${this.urls[index] ?? ''}/sim/journal`, { signal: AbortSignal.timeout(5000) });
      const { journal } = (await response.json()) as { readonly journal: readonly JournalEntry[] };
      const known = this.#journals[index];
      const lastMs = known?.at(-1)?.atMs ?? 0;
      known?.push(...journal.filter(({ atMs }) => atMs > lastMs));
    } catch {
      // The server is dead: its journal was collected before.
    }
  }
}

/** Names of weights whose digests have the order of the files in the scenario: Ollama evicts in that order. */
export function weightsOf(models: Scenario['models']): ReadonlyMap<string, string> {
  const digest = (name: string): string => createHash('sha256').update(`weights ${name}`).digest('hex');
  const names = models.map(({ name }) => name).toSorted((a, b) => (digest(a) < digest(b) ? -1 : 1));
  const byFile = models.toSorted((a, b) => (a.blob < b.blob ? -1 : 1));
  return new Map(byFile.map(({ name }, index) => [name, names[index] ?? name]));
}
