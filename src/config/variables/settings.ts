import { isIP } from 'node:net';
import { DEFAULT_STRATEGY, STRATEGY_NAMES } from '../../core/routing-strategy.ts';
import type { Settings } from '../config.ts';
import type { AuthorityFile } from '../trust-settings.ts';
import type { Value } from '../value.ts';
import { readBackendList } from './backends.ts';
import { readFolders } from './folders.ts';
import { readMasterKey } from './master-key.ts';
import { readClientKeys, readTeams } from './client-keys.ts';
import { readEndUsers } from './end-users.ts';
import { readModels } from './models.ts';
import { readSmokeLimits } from './smoke-variables.ts';
import { readTls } from './tls.ts';
import { Reader, type HostVariables } from './reader.ts';
import type { Findings } from '../findings.ts';
import { nearestName } from '../../core/spelling.ts';
import { judgeVariableNames } from './unknown-names.ts';

const ACCOUNT = /^[a-z_][a-z0-9_-]{0,31}$/;

/** Reads and checks the documented variables of one host, with their defaults. `authorities`: the file of litellm_ca_file, as it was read. */
export function readHostSettings(variables: HostVariables, findings: Findings, authorities?: AuthorityFile): Settings {
  const reader = new Reader(findings);
  judgeVariableNames(variables.all, findings);
  const backends = readBackendList(variables.get('litellm_backends'), reader);
  const serviceManager =
    readWord(variables.get('litellm_service_manager'), ['systemd', 'process'], reader) === 'process'
      ? 'process'
      : 'systemd';
  const prefix = readPrefix(variables.get('litellm_prefix'), reader);
  const manager = variables.get('litellm_service_manager');
  if (serviceManager === 'process' && prefix === '' && manager !== undefined)
    reader.wrong(
      manager,
      'litellm_prefix with the service manager process, which installs below its own folder',
      'add litellm_prefix: /absolute/path, or remove litellm_service_manager',
    );
  const egress = variables.get('litellm_restrict_egress');
  const restrictEgress = reader.parsed(egress) === true;
  if (serviceManager === 'process' && restrictEgress && egress !== undefined)
    reader.wrong(
      egress,
      'no litellm_restrict_egress with the service manager process, which has no filter of addresses',
      'remove litellm_restrict_egress',
    );
  const prefixValue = variables.get('litellm_prefix');
  if (serviceManager === 'systemd' && prefix !== '' && prefixValue !== undefined)
    reader.wrong(
      prefixValue,
      'no litellm_prefix with the service manager systemd, which reads its units from /etc/systemd/system',
      'remove litellm_prefix; litellm_config_dir and litellm_install_dir choose other folders',
    );
  const folders = readFolders(
    {
      config: variables.get('litellm_config_dir'),
      install: variables.get('litellm_install_dir'),
      managed: serviceManager === 'systemd',
    },
    reader,
  );
  const models = readModels(variables.get('litellm_models'), backends, reader);
  const teams = readTeams(variables.get('litellm_teams'), models, reader);
  const signingKey = reader.text(variables.get('litellm_evidence_signing_key'), 'the path of an SSH key');
  const tls = readTls(variables, reader);
  const endUsers = readEndUsers(variables, reader);
  return {
    models,
    backends,
    masterKey: readMasterKey(variables, reader),
    keys: readClientKeys(variables.get('litellm_keys'), { models, teams }, reader),
    teams,
    ...(endUsers === undefined ? {} : { endUsers }),
    port: reader.integer(variables.get('litellm_port'), { from: 1, to: 65_535 }, 'a port from 1 to 65535') ?? 4000,
    listen: readListen(variables.get('litellm_listen'), reader),
    user: readAccount(variables.get('litellm_user'), reader),
    group: readAccount(variables.get('litellm_group'), reader),
    routingStrategy: readStrategy(variables.get('litellm_routing_strategy'), reader),
    drainTimeoutS:
      reader.integer(variables.get('litellm_drain_timeout'), { from: 0, to: 86_400 }, 'seconds from 0 to 86400') ?? 600,
    gateSoakS:
      reader.integer(variables.get('litellm_gate_seconds'), { from: 0, to: 3600 }, 'seconds from 0 to 3600') ?? 8,
    gateModel: readGateModel(variables.get('litellm_gate_model'), models, reader),
    ...folders,
    serviceManager,
    prefix,
    ...(restrictEgress ? { restrictEgress } : {}),
    requireDomainJoin: reader.parsed(variables.get('litellm_require_domain_join')) ?? false,
    adminGroup: readGroupName(variables.get('litellm_admin_group'), reader),
    authorities,
    smokeLimits: readSmokeLimits(variables, reader),
    ...(signingKey === undefined ? {} : { evidenceSigningKey: signingKey }),
    ...(tls === undefined ? {} : { tls }),
  };
}

function readGateModel(value: Value | undefined, models: Settings['models'], reader: Reader): string | undefined {
  const text = reader.text(value, 'an alias of litellm_models');
  const names = models?.map(({ name }) => name) ?? [];
  if (value === undefined || text === undefined || models === undefined || names.includes(text)) return text;
  const near = nearestName(text, names);
  return reader.wrong(
    value,
    `an alias of litellm_models: ${names.join(', ')}`,
    near === undefined ? 'write one of them, or remove litellm_gate_model' : `write litellm_gate_model: ${near}`,
  );
}

// The name of a group of a directory may have blanks and capitals; group(5) separates its fields by colons and members by commas.
function readGroupName(value: Value | undefined, reader: Reader): string | undefined {
  const text = reader.text(value, 'the name of a group');
  if (value === undefined || text === undefined) return undefined;
  return /[:,\n]/.test(text) ? reader.wrong(value, 'the name of one group, without “:” and “,”') : text;
}

function readWord(value: Value | undefined, words: readonly string[], reader: Reader): string | undefined {
  const text = reader.text(value, words.join(' or '));
  if (value === undefined || text === undefined || words.includes(text)) return text;
  const near = nearestName(text, words);
  return reader.wrong(value, words.join(' or '), near === undefined ? undefined : `write ${near}`);
}

function readStrategy(value: Value | undefined, reader: Reader): string {
  const strategy = readWord(value, STRATEGY_NAMES, reader);
  if (strategy !== 'cost-based-routing') return strategy ?? DEFAULT_STRATEGY;
  reader.findings.warning({
    code: 'variables.not-honoured',
    summary: `the routing strategy ${strategy} is not supported`,
    detail: `Expected ${STRATEGY_NAMES.filter((name) => name !== strategy).join(', ')}, found ${strategy}. The gateway uses fleet instead.`,
    fix: 'write litellm_routing_strategy: fleet',
    where: value?.where ?? {},
  });
  return strategy;
}

function readListen(value: Value | undefined, reader: Reader): string {
  const text = reader.text(value, 'an IP address')?.replace(/^\[(.*)\]$/, '$1');
  if (value === undefined || text === undefined) return '0.0.0.0';
  return isIP(text) === 0
    ? (reader.wrong(
        value,
        'an IP address of the host; 0.0.0.0 for all of them',
        text === 'localhost' ? 'write 127.0.0.1' : 'write 0.0.0.0',
      ) ?? '0.0.0.0')
    : text;
}

function readAccount(value: Value | undefined, reader: Reader): string {
  const text = reader.text(value, 'the name of a system user');
  if (value === undefined || text === undefined) return 'litellm';
  if (text === 'root') return reader.wrong(value, 'an account without privileges', 'write litellm') ?? 'litellm';
  return ACCOUNT.test(text)
    ? text
    : (reader.wrong(value, 'lower-case letters, digits, "-" and "_", beginning with a letter', 'write litellm') ??
        'litellm');
}

function readPrefix(value: Value | undefined, reader: Reader): string {
  if (value?.kind === 'scalar' && value.value === '') return '';
  const text = reader.text(value, 'an absolute path, or ""')?.replace(/\/+$/, '');
  if (value === undefined || text === undefined || text === '') return '';
  return text.startsWith('/') && !text.split('/').includes('..') && !/[\0\n"\\%$]/.test(text)
    ? text
    : (reader.wrong(value, 'an absolute path, or ""') ?? '');
}
