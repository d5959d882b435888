import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BorrowedLab } from './borrowed.ts';
import { alive, GATEWAY } from './client.ts';
import { startDelayRelay } from './delay-relay.ts';
import { KNOWN_HOSTS, type HostName } from './place.ts';
import { startProxy, type ProxyHabit } from './proxy-between.ts';

/** The models of the lab's two aliases, as their servers name them. */
export const [PHI, LLAMA] = ['phi3:3.8b-mini-128k-instruct-q8_0', 'llama3:8b-instruct-q8_0'];
/** The servers of both. */
export const SERVERS = ['hx-llm01-server', 'hx-llm02-server'] as const satisfies readonly HostName[];
/** The configuration on the host. */
export const CONFIG = '/etc/litellm/config.yaml';

/** Plants a fault; the function that it returns takes it back. */
export type Plant = () => Promise<() => unknown>;

/** A variable file with these values. */
export const yaml = (data: object): string => `${JSON.stringify(data)}\n`;

/** Runs the simulated Ollama of a server with these models. */
export async function serve(lab: BorrowedLab, server: HostName, ...models: readonly string[]): Promise<void> {
  const flags = models.map((model) => ` --model ${model}`).join('');
  const command = `/opt/ollama/node /opt/ollama/sim.mjs --host 0.0.0.0 --port 11434 --num-parallel 4${flags}`;
  await lab.host(server).must(
    `mkdir -p /run/systemd/system/ollama.service.d
printf '[Service]\\nExecStart=\\nExecStart=%s\\n' '${command}' > /run/systemd/system/ollama.service.d/models.conf
systemctl daemon-reload; systemctl restart ollama`,
  );
}

/** Asks a server for its simulation's own paths. */
export async function simulate(
  lab: BorrowedLab,
  server: HostName,
  method: string,
  path: string,
  body?: object,
): Promise<void> {
  const { address } = lab.host(server);
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  assert.equal((await fetch(`http://${address}:11434/sim/${path}`, init)).status, 200);
}

/** Whether the gateway answers and uses both servers. */
export async function usesBoth(key: string): Promise<boolean> {
  if ((await alive()) !== '200') return false;
  const answer = await fetch(`${GATEWAY}/fleet`, { headers: { authorization: `Bearer ${key}` } });
  // The gateway writes it by its schema.
  const { servers } = (await answer.json()) as { readonly servers: readonly { readonly state: string }[] };
  return servers.length === 2 && servers.every(({ state }) => state === 'up');
}

/** Other variables in the operator's files alone. */
export function inFiles(path: string, content: string): Plant {
  return async () => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
    return () => rmSync(path);
  };
}

/** A file of the operator with other words. */
export function edited(path: string, from: string, to: string): Plant {
  return async () => {
    const text = readFileSync(path, 'utf8');
    assert.ok(text.includes(from));
    writeFileSync(path, text.replace(from, to));
    return () => writeFileSync(path, text);
  };
}

/** Another configuration on the host, loaded by the gateway. */
export function onHost(lab: BorrowedLab, script: string): Plant {
  return async () => {
    const host = lab.host('hx-api-server');
    await host.must(`cp -a ${CONFIG} /run/kept.yaml; ${script}; systemctl reload litellm`);
    return () => host.must(`cp -a /run/kept.yaml ${CONFIG}; systemctl reload litellm`);
  };
}

/** A proxy between the operator and the gateway; SSH passes beside it. */
export function behind(
  lab: BorrowedLab,
  inventory: string,
  habit: ProxyHabit,
  tls?: { readonly cert: string; readonly key: string },
): Plant {
  return async () => {
    const proxy = await startProxy(habit, tls);
    const relay = await startDelayRelay({ host: lab.host('hx-api-server').address, port: 22 }, 0);
    const known = readFileSync(KNOWN_HOSTS, 'utf8');
    const [, type = '', hostKey = ''] = /^hx-api-server\S* (\S+) (\S+)/m.exec(known) ?? [];
    appendFileSync(KNOWN_HOSTS, `[127.0.0.1]:${String(relay.port)} ${type} ${hostKey}\n`);
    const back = await edited(
      inventory,
      'ansible_host=10.77.0.11',
      `ansible_host=127.0.0.1 ansible_port=${String(relay.port)}`,
    )();
    return async () => {
      back();
      writeFileSync(KNOWN_HOSTS, known);
      await proxy[Symbol.asyncDispose]();
      await relay[Symbol.asyncDispose]();
    };
  };
}

/** Several faults together; the last one is taken back first, also if a later one cannot be planted. */
export function all(...plants: readonly Plant[]): Plant {
  return async () => {
    const backs: (() => unknown)[] = [];
    const back = async (): Promise<void> => {
      for (const one of backs) await one();
    };
    try {
      for (const plant of plants) backs.unshift(await plant());
      return back;
    } catch (error) {
      await back();
      throw error;
    }
  };
}

/** More requests for one alias than slots and places in its queue; the servers answer none of them. */
export function crowd(lab: BorrowedLab, key: string): Plant {
  return async () => {
    for (const server of SERVERS)
      await simulate(lab, server, 'POST', 'faults', { kind: 'stall', path: '/api/chat', model: PHI, times: 0 });
    const leave = new AbortController();
    const waiting = Array.from({ length: 24 }, () =>
      fetch(`${GATEWAY}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'phi3-3.8b', messages: [{ role: 'user', content: 'Hello' }] }),
        signal: leave.signal,
      }).then(
        (answer) => answer.status,
        () => 0,
      ),
    );
    // The first one that is refused says that the queue is full.
    assert.equal(await Promise.race(waiting), 503);
    return async () => {
      leave.abort();
      await Promise.all(waiting);
      for (const server of SERVERS) await simulate(lab, server, 'DELETE', 'faults');
    };
  };
}
