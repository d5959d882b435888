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

/** A request that has its model in memory. */
export interface Session {
  readonly call: Call;
  readonly model: Model;
  readonly runner: Runner;
  readonly options: Options;
  readonly fault: Fault | undefined;
  /** From the request to the runner: with the wait for the scheduler, for evictions and for the load. */
  readonly loadMs: number;
}

/** Finds the model that was asked for. `empty` answers an empty name, `unknown` one that the server does not have. */
export function findModel(call: Call, asked: string, empty: () => Refusal, unknown: () => Refusal): Model {
  const model = call.machine.catalogue.find(parseName(asked, empty));
  if (model === undefined) throw unknown();
  return model;
}

/** 404 as most of the native API says it. */
export function notFound(asked: string): Refusal {
  return new Refusal(404, `model '${asked}' not found`);
}

/** Refuses thinking from a model that cannot. */
export function checkThinking(model: Model, asked: string, think: boolean | undefined): void {
  if (think === true && !can(model, 'thinking'))
    throw new Refusal(400, `${JSON.stringify(asked)} does not support thinking`);
}

/** Gets the model into memory, does the work with it, and lets go of it, however the work ends. `loadOnly`: the load is all that is wanted. */
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
  const runner = await scheduler.acquire({ model, options, keepAlive: request.keepAlive, loadOnly, loadMs, signal });
  try {
    await work({ call, model, runner, options, fault, loadMs: nowMs() - call.startedMs });
  } finally {
    scheduler.release(runner);
  }
}

/** What a fault of this session would strike. */
export function victimOf(session: Session, reply: Victim['reply']): Victim {
  return { line: session.call.line, signal: session.call.signal, reply, kill: () => session.runner.death.abort() };
}

/** Lets the session's fault happen now, for answers that come whole. */
export async function strikeNow(session: Session, reply: Victim['reply']): Promise<void> {
  if (session.fault !== undefined) await strike(session.fault, victimOf(session, reply));
}
