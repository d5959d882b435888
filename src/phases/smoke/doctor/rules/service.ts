import type { ServiceHealth, UnitHealth } from '../../../../facts/service-health.ts';
import { printable } from '../../../../core/printable.ts';
import { cause, hostOf, serviceOf, type Diagnosis, type Rule, type Symptoms } from '../diagnosis.ts';

/** Exit code of the gateway for an invalid configuration. */
const INVALID_CONFIG = 78;
const SHOWN_LINES = 3;

/** The service does not run on the host: not installed, an invalid configuration, a taken port, a failure, or a stop. */
export const serviceRule: Rule = (symptoms) => {
  const health = serviceOf(symptoms);
  const { expected } = symptoms;
  if (health === undefined || expected === undefined) return undefined;
  const { name } = symptoms.target;
  if (!health.installed)
    return cause(
      'service.not-installed',
      `the gateway is not installed on ${name}`,
      [`expected a release of hxllm, found none${unitEvidence('; litellm.service is', health.service)}`],
      `hxllm enforce --limit ${name}`,
    );
  if (runs(health)) return undefined;
  const units = [
    ...(health.process === undefined ? [] : ['no process of the gateway runs']),
    unitEvidence('litellm.service is', health.service),
    unitEvidence('litellm.socket is', health.socket),
  ];
  if (health.check !== undefined && health.check.exitCode === INVALID_CONFIG)
    return cause(
      'service.config-invalid',
      `the gateway on ${name} does not start: its configuration is invalid`,
      [...units, ...tail(health.check.text.split('\n')).map((line) => `--check: ${line}`)],
      `hxllm enforce --limit ${name}  # writes ${expected.configFile} anew`,
    );
  return portTaken(symptoms, health, units) ?? ended(symptoms, health, units);
};

function portTaken(symptoms: Symptoms, { service, socket }: ServiceHealth, units: string[]): Diagnosis | undefined {
  const listeners = hostOf(symptoms)?.listeners;
  const { expected, target } = symptoms;
  // Without the socket nothing of hxllm listens there.
  const ours = socket?.active === 'active' || service?.active === 'active';
  if (ours || listeners?.known !== true || listeners.value.length === 0 || expected === undefined) return undefined;
  return cause(
    'service.port-taken',
    `another program has port ${String(expected.port)} of ${target.name}`,
    [...units, `a program listens on ${listeners.value.map((at) => `${at}:${String(expected.port)}`).join(', ')}`],
    `sudo ss -ltnp 'sport = :${String(expected.port)}'  # on ${target.name}: names the program`,
  );
}

function ended({ target: { name } }: Symptoms, health: ServiceHealth, units: readonly string[]): Diagnosis {
  const { service, socket } = health;
  const log = tail(health.log).map((line) => `log: ${line}`);
  if (service?.enabled === 'masked' || socket?.enabled === 'masked')
    return cause(
      'service.masked',
      `the gateway on ${name} is masked, so systemd does not start it`,
      units,
      `sudo systemctl unmask litellm.service litellm.socket && sudo systemctl start litellm  # on ${name}`,
    );
  const failed = [service, socket].some((unit) => unit?.active === 'failed');
  return failed || (service?.active === 'activating' && service.sub === 'auto-restart')
    ? cause(
        'service.failed',
        `the gateway on ${name} does not start`,
        [...units, ...log],
        `hxllm service logs --limit ${name} -n 100`,
      )
    : cause('service.stopped', `the gateway on ${name} is stopped`, units, `hxllm service start --limit ${name}`);
}

/** Whether the service runs, or starts with the next connection. */
function runs({ service, process }: ServiceHealth): boolean {
  return process ?? (service === undefined || service.active === 'active' || service.active === 'reloading');
}

function unitEvidence(words: string, unit: UnitHealth | undefined): string {
  if (unit === undefined || unit.load === '') return '';
  const facts = [
    ...(unit.load === 'loaded' ? [] : [unit.load]),
    unit.sub,
    ...(unit.result === 'success' || unit.result === '' ? [] : [unit.result]),
    ...(unit.exitStatus === 0 ? [] : [`exit code ${String(unit.exitStatus)}`]),
  ];
  return `${words} ${unit.active} (${facts.filter((fact) => fact !== '').join(', ')})`;
}

function tail(lines: readonly string[]): readonly string[] {
  return lines
    .map((line) => printable(line).trim().slice(0, 200))
    .filter((line) => line !== '')
    .slice(-SHOWN_LINES);
}
