import { mock } from 'node:test';
import type { InstanceState } from '../../../src/gateway/control/instance-status.ts';
import type { Links } from '../../../src/gateway/control/links.ts';
import type { Limiter } from '../../../src/gateway/limits/limiter.ts';
import type { Lease } from '../../../src/gateway/route/fleet.ts';
import type { Scheduler } from '../../../src/gateway/scheduler/scheduler.ts';

/** A request of a client of one instance. */
export interface Client {
  readonly number: number;
  readonly instance: SharedInstance;
  readonly alias: string;
  ticket: string | undefined;
  lease: Lease | undefined;
  state: 'waiting' | 'running' | 'answered' | 'rejected' | 'gone';
}

/** A simulated server: it counts the requests that each of its models runs, and the models that it loads. */
export class SimulatedServer {
  readonly slots: number;
  readonly running = new Map<string, Set<Client>>();
  /** The instances that load models there; a load ends with the process that has asked for it. */
  loading: SharedInstance[] = [];

  constructor(slots: number) {
    this.slots = slots;
  }

  add(client: Client, model: string): void {
    const running = this.running.get(model) ?? new Set();
    this.running.set(model, running.add(client));
  }

  remove(client: Client): void {
    for (const running of this.running.values()) running.delete(client);
  }
}

/** An instance of the gateway: its scheduler and links are real; network, servers and time are not. */
export interface SharedInstance {
  readonly id: string;
  readonly started: string;
  readonly scheduler: Scheduler;
  readonly links: Links;
  readonly limiter: Limiter;
  state: InstanceState | 'dead';
  /** It answers nothing, and its timers stand still: a process that is stopped. */
  isFrozen: boolean;
}

/** Virtual time, ms; the timers of Node are mocked. */
export class VirtualTime {
  nowMs = 1000;

  async pass(ms: number, stepMs = 10): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      const step = Math.min(stepMs, left);
      this.nowMs += step;
      mock.timers.tick(step);
      await this.settle();
    }
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}
