import { isIPv6 } from 'node:net';
import type { Config, HostConfig } from '../../config/config.ts';
import { hostProblems, masterKeyOf } from '../../config/requirements.ts';
import { ownAddress } from '../../core/own-address.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { SmokeTarget } from '../../phases/smoke/target.ts';

const LOOPBACK = /^(?:127\.|::1$)/;

/** The target of each host of the configuration: its address, its key, and the expected models and backends. `command`: the typed command, for fixes. */
export function smokeTargets(config: Config, throughSsh: boolean, command: string): Result<readonly SmokeTarget[]> {
  const found = config.hosts.map((host) => smokeTarget(host, throughSsh, command));
  const problems = [...hostProblems(config), ...found.flatMap((result) => (result.ok ? [] : result.problems))];
  const [first, ...rest] = problems;
  return first === undefined ? ok(found.flatMap((result) => (result.ok ? [result.value] : []))) : fail(first, ...rest);
}

function smokeTarget(host: HostConfig, throughSsh: boolean, command: string): Result<SmokeTarget> {
  const { target, settings } = host;
  const { models, backends, port, listen } = settings;
  const where = { host: target.name };
  if (models === undefined || backends === undefined) {
    const missing = models === undefined ? 'litellm_models' : 'litellm_backends';
    return fail({
      code: 'variables.undefined',
      summary: `${missing} is not defined`,
      detail: `Expected the models and backends of ${target.name}, found no ${missing} in group_vars, host_vars or the inventory.`,
      fix: 'hxllm inventory --backend http://HOST:11434',
      where,
    });
  }
  const key = masterKeyOf(host, command);
  if (!key.ok) return key;
  const here = target.connection === 'local';
  if (!here && !throughSsh && LOOPBACK.test(listen)) {
    return fail({
      code: 'variables.loopback',
      summary: `the gateway on ${target.name} listens on loopback only`,
      detail: `Expected an address that this machine reaches, found litellm_listen: ${listen}.`,
      fix: `${command} --through-ssh`,
      where,
    });
  }
  const address = throughSsh || here ? ownAddress(listen) : target.address;
  const urls = backends.map(({ url }) => url);
  const on = (names: readonly string[] | undefined): readonly string[] => names ?? urls;
  return ok({
    name: target.name,
    url: `${settings.tls === undefined ? 'http' : 'https'}://${isIPv6(address) ? `[${address}]` : address}:${String(port)}`,
    ...(settings.tls === undefined ? {} : { tls: tlsOf(host) }),
    key: key.value.key,
    ...(key.value.previous === undefined ? {} : { previousKey: key.value.previous }),
    ...(key.value.revoked === undefined ? {} : { revokedKey: key.value.revoked }),
    limits: settings.smokeLimits,
    models: models.map(({ name }) => name).filter((name) => !name.includes('*')),
    patterns: models.map(({ name }) => name).filter((name) => name.includes('*')),
    // A server without any alias has nothing to answer.
    backends: urls.filter((url) => models.some((model) => on(model.backends).includes(url))),
    placement: new Map(models.map((model) => [model.name, on(model.backends)])),
    embeddings: models.filter(({ mode, name }) => mode === 'embedding' && !name.includes('*')).map(({ name }) => name),
  });
}

/** The certificate may be for the name in the inventory or for the address; its authority is one of Node's or of litellm_ca_file. */
function tlsOf({ target: { name, address }, settings: { authorities } }: HostConfig): SmokeTarget['tls'] {
  return { names: [...new Set([name, address])], authorities: (authorities?.certificates ?? []).map(({ pem }) => pem) };
}
