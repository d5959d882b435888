import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createDoor } from './door.ts';
import type { Fault } from './faults/fault.ts';
import { createMachine } from './machine.ts';
import { settle, type SimOptions } from './settings.ts';

export type { Fault } from './faults/fault.ts';
export type { ModelSpec } from './models/model.ts';
export type { SimOptions } from './settings.ts';

/** Counters of the current work of a simulated server. */
export interface Activity {
  /** Answers in a slot, and requests that wait for one. */
  readonly busy: number;
  readonly waiting: number;
  /** Requests that wait for a load behind the current one. */
  readonly loading: number;
}

/** A running simulated Ollama. */
export interface Sim {
  /** `http://127.0.0.1:11434`. */
  readonly url: string;
  readonly port: number;
  readonly faults: { add(fault: Fault): void; clear(): void; list(): readonly Fault[] };
  /** Number of requests for a path since the start; without a path, of all requests. */
  requests(path?: string): number;
  activity(): Activity;
  /** Stops at once, as a killed server does: every connection is closed, also in the middle of an answer. */
  close(): Promise<void>;
}

/**
 * Starts a simulated Ollama in this process, for tests. Port 0 (the default here) takes a free port. Rejects if the
 * port is taken.
 */
export async function startSim(options: SimOptions = {}): Promise<Sim> {
  const settings = settle({ port: 0, ...options });
  const machine = createMachine(settings);
  const server = createDoor(machine);
  server.listen(settings.port, settings.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a server that listens on TCP has an AddressInfo
  const name =
    settings.host === '0.0.0.0'
      ? '127.0.0.1'
      : settings.host === '::'
        ? '[::1]'
        : settings.host.includes(':')
          ? `[${settings.host}]`
          : settings.host;
  return {
    url: `http://${name}:${String(port)}`,
    port,
    faults: machine.faults,
    requests: (path) =>
      path === undefined
        ? [...machine.requests.values()].reduce((sum, number) => sum + number, 0)
        : (machine.requests.get(path) ?? 0),
    activity: () => {
      const slots = machine.scheduler.list().map((runner) => runner.slots);
      return {
        busy: slots.reduce((sum, one) => sum + one.busy, 0),
        waiting: slots.reduce((sum, one) => sum + one.waiting, 0),
        loading: machine.scheduler.waiting,
      };
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
