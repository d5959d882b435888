import { fstatSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '../../core/error.ts';
import type { Gateway } from '../gateway.ts';
import { listenPrivately } from './control-server.ts';
import type { InstancePlace } from './instance-id.ts';
import type { InstanceState } from './instance-status.ts';
import { requestOnSocket, type UnixRequest, type UnixResponse } from './unix-request.ts';

/** One check of the gate. */
export interface GateCheck {
  readonly id: 'started' | 'state' | 'configuration' | 'listener' | 'http' | 'backends' | 'model';
  readonly ok: boolean;
  readonly detail: string;
}

/** The result of the gate. */
export interface GateReport {
  readonly ready: boolean;
  readonly checks: readonly GateCheck[];
}

/** The wish of the command. */
export interface GateRequest {
  /** An alias that is to answer, if its model is in memory. */
  readonly model: string | undefined;
  /** Failed checks are repeated for so long. */
  readonly timeoutMs: number;
}

/** The instance that is checked. */
export interface GateSubject {
  readonly gateway: Gateway;
  readonly fds: readonly number[];
  readonly place: InstancePlace;
  /** The state at the time of each look: an instance that is asked while it starts is fit a moment later. */
  readonly state: () => InstanceState;
  /** Lets a request of this instance get a slot, until the returned function is called. */
  readonly borrowSlots: () => Promise<() => void>;
}

const PAUSE_MS = 250;
/** Time for the answer of the gateway itself, ms. */
const OWN_ANSWER_MS = 5000;

/** Checks whether an instance is fit to take over. */
export async function runGate(subject: GateSubject, { model, timeoutMs }: GateRequest): Promise<GateReport> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const checks = await look(subject);
    const isReady = checks.every(({ ok }) => ok);
    if (isReady || performance.now() >= endMs) {
      if (isReady && model !== undefined)
        checks.push(await askModel(subject, model, Math.max(1000, endMs - performance.now())));
      return { ready: checks.every(({ ok }) => ok), checks };
    }
    await sleep(PAUSE_MS);
  }
}

async function look(subject: GateSubject): Promise<GateCheck[]> {
  const { gateway, fds } = subject;
  const state = subject.state();
  const { config } = gateway.service();
  return [
    {
      id: 'state',
      ok: state === 'standby' || state === 'serving',
      detail: state === 'standby' ? 'stands by' : `is ${state}`,
    },
    {
      id: 'configuration',
      ok: true,
      detail: `loaded: ${String(config.groups.length)} models on ${String(config.backends.length)} backends`,
    },
    listenerCheck(fds),
    await httpCheck(subject),
    await backendsCheck(gateway),
  ];
}

function listenerCheck(fds: readonly number[]): GateCheck {
  if (fds.length === 0) return { id: 'listener', ok: false, detail: 'systemd has passed no socket (LISTEN_FDS)' };
  for (const fd of fds) {
    try {
      if (!fstatSync(fd).isSocket())
        return { id: 'listener', ok: false, detail: `file descriptor ${String(fd)} is no socket` };
    } catch (error) {
      return { id: 'listener', ok: false, detail: `file descriptor ${String(fd)}: ${errorMessage(error)}` };
    }
  }
  return { id: 'listener', ok: true, detail: `file descriptors ${fds.join(', ')}` };
}

async function httpCheck(subject: GateSubject): Promise<GateCheck> {
  try {
    const { status, text } = await askPrivately(subject, {
      method: 'GET',
      path: '/health/readiness',
      timeoutMs: OWN_ANSWER_MS,
    });
    const isReady = status === 200;
    return { id: 'http', ok: isReady, detail: isReady ? '/health/readiness is 200' : `${String(status)}: ${text}` };
  } catch (error) {
    return { id: 'http', ok: false, detail: errorMessage(error) };
  }
}

async function backendsCheck(gateway: Gateway): Promise<GateCheck> {
  const { config, upstream } = gateway.service();
  if (config.backends.length === 0) return { id: 'backends', ok: true, detail: 'none is configured' };
  const found = await Promise.all(
    config.backends.map(async (backend) => ({ url: backend.url, result: await upstream.probe(backend) })),
  );
  const up = found.filter(({ result }) => result === 'up');
  const down = found.filter(({ result }) => result !== 'up').map(({ url, result }) => `${url}: ${result}`);
  return {
    id: 'backends',
    ok: up.length > 0,
    detail: [`${String(up.length)} of ${String(found.length)} answer`, ...down].join('; '),
  };
}

async function askModel(subject: GateSubject, alias: string, timeoutMs: number): Promise<GateCheck> {
  const { config, scheduler } = subject.gateway.service();
  const group = subject.gateway.service().groupOf(alias);
  if (group === undefined) return { id: 'model', ok: false, detail: `the configuration has no model ${alias}` };
  const { deployments, replicas } = scheduler.fleet;
  const resident = group.deployments.find(({ id }) => {
    const residency = replicas.get(deployments.get(id)?.replica ?? '')?.residency.state;
    return residency === 'resident' || residency === 'always';
  });
  if (resident === undefined) return { id: 'model', ok: true, detail: `not asked: ${alias} is in no server’s memory` };
  const { masterKey } = config;
  const isEmbedding = resident.mode === 'embedding';
  const chat = { model: alias, max_tokens: 1, messages: [{ role: 'user', content: 'Say yes.' }] };
  const body = isEmbedding ? { model: alias, input: 'yes' } : chat;
  const headers = {
    'x-hxllm-backend': resident.url,
    'x-hxllm-caller': 'hxllm-gate',
    ...(masterKey.state === 'set' ? { authorization: `Bearer ${masterKey.key.reveal()}` } : {}),
  };
  let giveBack = (): void => {};
  try {
    giveBack = await subject.borrowSlots();
    const { status, text } = await askPrivately(subject, {
      method: 'POST',
      path: isEmbedding ? '/v1/embeddings' : '/v1/chat/completions',
      body: JSON.stringify(body),
      headers,
      timeoutMs,
    });
    const isAnswered = status === 200;
    return {
      id: 'model',
      ok: isAnswered,
      detail: isAnswered ? `${alias} has answered on ${resident.url}` : `${String(status)}: ${text.slice(0, 500)}`,
    };
  } catch (error) {
    return { id: 'model', ok: false, detail: `${alias} on ${resident.url}: ${errorMessage(error)}` };
  } finally {
    giveBack();
  }
}

let asked = 0;

/** Asks the gateway as a client does, on an address that nobody else can use. */
async function askPrivately({ gateway, place: { id, folder } }: GateSubject, ask: UnixRequest): Promise<UnixResponse> {
  asked += 1;
  const path = join(folder, `${id}.gate${String(asked)}`);
  const listener = gateway.privateListener();
  await rm(path, { force: true });
  await listenPrivately(listener, path);
  try {
    return await requestOnSocket(path, ask);
  } finally {
    listener.close();
  }
}
