import type { Fault } from '../faults/fault.ts';
import { strike, type Victim } from '../faults/strike.ts';
import { can, type Model } from '../models/model.ts';
import { parseName } from '../models/name.ts';
import { defaultContext } from '../runner/memory.ts';
import { readOptions, type Options } from '../runner/options.ts';
import type { Runner } from '../runner/runner.ts';
import { Refusal } from '../wire/refusal.ts';
import { nowMs } from '../wire/time.ts';
import type { Call } from './call.ts';
import type { Request } from './request.ts';

/** A request whose model is in memory. */
export interface Session {
  readonly call: Call;
  readonly model: Model;
  readonly runner: Runner;
  readonly options: Options;
  readonly fault: Fault | undefined;
  /** Time from the request to the runner: the wait for the scheduler, for evictions, and the load. */
  readonly loadMs: number;
}

/**
 * Finds the model of a request. Throws `empty()` for an empty name and `unknown()` for a model that the server does not
 * have.
 */
export function findModel(call: Call, asked: string, empty: () => Refusal, unknown: () => Refusal): Model {
  const model = call.machine.catalogue.find(parseName(asked, empty));
  if (model === undefined) throw unknown();
  return model;
}

/** 404 in the words that most of the native API uses. */
export function notFound(asked: string): Refusal {
  return new Refusal(404, `model '${asked}' not found`);
}

/** Refuses `think: true` for a model without the capability. */
export function checkThinking(model: Model, asked: string, think: boolean | undefined): void {
  if (think === true && !can(model, 'thinking'))
    throw new Refusal(400, `${JSON.stringify(asked)} does not support thinking`);
}

/**
 * Acquires a runner for the model, does the work, and releases the runner however the work ends. `loadOnly`: the
 * request asks only for the load.
 */
export async function withRunner(
  call: Call,
  model: Model,
  request: Request,
  loadOnly: boolean,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  const { machine, signal } = call;
  const { settings, scheduler } = machine;
  const fault = machine.faults.takeFor(call.path, model.shortName);
  const options = readOptions(request.options, model, defaultContext({ vramMiB: settings.vramMiB }));
  const loadMs = settings.loadMs + (fault?.kind === 'slow-load' ? (fault.ms ?? 0) : 0);
  const failure =
    fault?.kind === 'failed-load' ? new Refusal(fault.status ?? 500, fault.message ?? 'simulated failure') : undefined;
  const wish = { model, options, keepAlive: request.keepAlive, loadOnly, loadMs, failure, path: call.path, signal };
  const runner = await scheduler.acquire(wish);
  try {
    await work({ call, model, runner, options, fault, loadMs: nowMs() - call.startedMs });
  } finally {
    scheduler.release(runner);
  }
}

/** The victim of this session's fault. */
export function victimOf(session: Session, reply: Victim['reply']): Victim {
  return { line: session.call.line, signal: session.call.signal, reply, kill: () => session.runner.death.abort() };
}

/** Strikes the session's fault now, for answers that are not streamed. */
export async function strikeNow(session: Session, reply: Victim['reply']): Promise<void> {
  if (session.fault !== undefined) await strike(session.fault, victimOf(session, reply));
}
