import assert from 'node:assert/strict';
import { Clock } from '../../../src/simulation/clock.ts';
import type { SimRequest } from '../../../src/simulation/request.ts';
import type { Job } from '../../../src/simulation/server/job.ts';
import { modelOf } from '../../../src/simulation/server/model.ts';
import { SimServer, type ServerSpec } from '../../../src/simulation/server/server.ts';

const A = modelOf('a', 8, 'blob-a');
const B = modelOf('b', 8, 'blob-b');
const C = modelOf('c', 8, 'blob-c');
const MODELS = new Map([A, B, C].map((model) => [model.name, model]));
const SPEC: ServerSpec = { room: 2, slots: 4, speed: 1, hasHostMemory: false };

/** A server with the times of its events: `FIRST x`, `END x` and `FAILED x`, by the name of a job. */
export class ServerStage {
  readonly clock = new Clock();
  readonly server: SimServer;
  readonly times = new Map<string, number>();
  #requests = 0;

  constructor(spec: Partial<ServerSpec> = {}) {
    this.server = new SimServer('s', { ...SPEC, ...spec }, this.clock);
  }

  load(model: string): Job {
    return this.#send(model, undefined, `load ${model}`);
  }

  /** A chat at the time of the clock. */
  chat(model: string, name: string, more: Partial<SimRequest> = {}): Job {
    this.#requests += 1;
    const { promptTokens = 350, outputTokens = 96, prefix = [{ hash: this.#requests, tokens: promptTokens }] } = more;
    const answer = { hash: this.#requests + 1000, tokens: promptTokens + outputTokens };
    const request: SimRequest = {
      id: this.#requests,
      model,
      sentMs: this.clock.nowMs,
      follows: undefined,
      promptTokens,
      outputTokens,
      maxTokens: undefined,
      key: 'key',
      user: undefined,
      class: 'people',
      prefix,
      answer,
      repeatedTokens: 0,
      direct: undefined,
    };
    return this.#send(model, request, name);
  }

  /** Lets time pass, ms. */
  run(ms = 100_000): void {
    let isOver = false;
    this.clock.in(ms, () => {
      isOver = true;
    });
    this.clock.run(() => isOver);
  }

  /** The time of an event, s. */
  at(event: string): number {
    const ms = this.times.get(event);
    assert.ok(ms !== undefined, `${event} has not happened; there were ${[...this.times.keys()].join(', ')}`);
    return ms / 1000;
  }

  #send(name: string, chat: SimRequest | undefined, label: string): Job {
    const model = MODELS.get(name);
    assert.ok(model !== undefined);
    const note = (what: string) => (): void => {
      this.times.set(`${what} ${label}`, this.clock.nowMs);
    };
    return this.server.send(model, chat, { onFirst: note('FIRST'), onEnd: note('END'), onFailed: note('FAILED') });
  }
}

/** A stage with models in memory, at the time 0 of its events. */
export function loaded(
  models: readonly string[],
  spec: Partial<ServerSpec> = {},
): { stage: ServerStage; startS: number } {
  const stage = new ServerStage(spec);
  for (const model of models) stage.load(model);
  stage.run(20_000);
  return { stage, startS: stage.clock.nowMs / 1000 };
}
