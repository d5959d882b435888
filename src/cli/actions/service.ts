import type { HostConfig } from '../../config/config.ts';
import { isObject, parseJson } from '../../core/json.ts';
import { pluralize } from '../../core/pluralize.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { Host } from '../../core/host.ts';
import { runAsRoot } from '../hosts/as-root.ts';
import { withHosts, type HostAnswers, type HostOptions, type Hosts, type HostsEnd } from '../hosts/hosts.ts';
import { serviceScript, type ServiceVerb } from '../hosts/service-scripts.ts';
import { EXIT } from '../exit-code.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { createPaint } from '../views/paint.ts';

/** The options of `hxllm service`. */
export interface ServiceOptions extends HostOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

const STATUS_MS = 30_000;
/** systemd gives a stop 90 s. */
const CHANGE_MS = 180_000;

/** The service of a host. */
export interface ServiceState {
  readonly host: string;
  readonly installed: boolean;
  /** systemd's words. */
  readonly active: string;
  readonly sub: string;
  readonly since: string | undefined;
  readonly pid: number | undefined;
  readonly instances: readonly Readonly<Record<string, unknown>>[];
}

/** Shows the service of each host, or starts, stops, restarts or reloads it. Returns the exit code; 1 if a service does not run. */
export function runService(terminal: Terminal, verb: ServiceVerb, options: ServiceOptions): Promise<number> {
  return withHosts(terminal, options, async (hosts) =>
    verb === 'status' ? showStatus(terminal, hosts, options) : change(terminal, hosts, verb, options),
  );
}

async function showStatus(terminal: Terminal, hosts: Hosts, { json }: ServiceOptions): Promise<HostsEnd> {
  const { answers: read, problems } = await statesOf(hosts);
  if (json === true) terminal.stdout.write(`${JSON.stringify({ schemaVersion: 1, services: read }, undefined, 2)}\n`);
  else printStates(terminal, read);
  const allRun = read.every(({ active }) => active === 'active');
  return { problems, exitCode: allRun && !hosts.signal.aborted ? EXIT.ok : EXIT.failed };
}

async function change(
  terminal: Terminal,
  hosts: Hosts,
  verb: Exclude<ServiceVerb, 'status'>,
  options: ServiceOptions,
): Promise<HostsEnd> {
  const { answers: read, problems } = await statesOf(hosts);
  const missing = read.filter(({ installed }) => !installed).map(({ host }) => notInstalled(host));
  const told = [...problems, ...missing];
  const known = hosts.configs.filter(({ target }) =>
    read.some(({ host, installed }) => installed && host === target.name),
  );
  if (known.length === 0) return { problems: told };
  if ((verb === 'stop' || verb === 'restart') && options.yes !== true) {
    for (const state of read.filter(({ installed }) => installed)) terminal.stderr.write(`${costOf(verb, state)}\n`);
    const names = known.map(({ target }) => target.name).join(', ');
    if (!terminal.interactive) return { problems: [...told, noConsent(verb, names)] };
    if (!(await terminal.askYesNo(`${verb === 'stop' ? 'Stop' : 'Restart'} the gateway on ${names}?`, hosts.signal)))
      return { problems: told, exitCode: EXIT.failed };
  }
  // One host after the other: of several gateways behind one name, the others serve meanwhile.
  for (const config of known) {
    if (hosts.signal.aborted) return { problems: told, exitCode: EXIT.interrupted };
    const done = await hosts.on(config, async (host) => act(host, config, verb, hosts.signal));
    if (!done.ok) {
      const rest = known.slice(known.indexOf(config) + 1).map(({ target }) => target.name);
      // A gateway that does not come back must not be followed by the next one.
      if (verb === 'restart' && rest.length > 0)
        terminal.stderr.write(`not restarted, since ${config.target.name} failed: ${rest.join(', ')}\n`);
      told.push(...done.problems);
      if (verb === 'restart') break;
      continue;
    }
    printStates(terminal, [done.value]);
  }
  return { problems: told, exitCode: hosts.signal.aborted ? EXIT.interrupted : EXIT.ok };
}

async function act(
  host: Host,
  config: HostConfig,
  verb: Exclude<ServiceVerb, 'status'>,
  signal: AbortSignal,
): Promise<Result<ServiceState>> {
  const { name } = config.target;
  const ran = await runAsRoot(host, config.become, {
    ...serviceScript(config, verb),
    title: `${verb} the service`,
    signal,
    timeoutMs: CHANGE_MS,
  });
  if (!ran.ok) return ran;
  const { exitCode, stdout, stderr } = ran.value;
  if (exitCode === 0) return stateOf(host, config, signal);
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(0, 3).join(' ');
  return fail({
    code: 'service.failed',
    summary: `${name}: cannot ${verb} the service`,
    detail: `Expected systemctl ${verb} to succeed, found: ${said} (exit code ${String(exitCode)}).`,
    fix: `hxllm service logs --limit ${name}`,
    where: { host: name },
  });
}

function statesOf({ signal, onAll }: Hosts): Promise<HostAnswers<ServiceState>> {
  return onAll((host, config) => stateOf(host, config, signal));
}

async function stateOf(host: Host, config: HostConfig, signal: AbortSignal): Promise<Result<ServiceState>> {
  const ran = await runAsRoot(host, config.become, {
    ...serviceScript(config, 'status'),
    title: 'ask for the state of the service',
    signal,
    timeoutMs: STATUS_MS,
  });
  if (!ran.ok) return ran;
  const values = new Map(
    ran.value.stdout.split('\n').map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]),
  );
  const instances = parseJson(values.get('Instances') ?? '');
  const list = isObject(instances) && Array.isArray(instances['instances']) ? instances['instances'] : [];
  const pid = Number(values.get('MainPID') ?? 0);
  return ok({
    host: config.target.name,
    installed: values.get('LoadState') === 'loaded',
    active: values.get('ActiveState') ?? 'unknown',
    sub: values.get('SubState') ?? '',
    since: values.get('ActiveEnterTimestamp') === '' ? undefined : values.get('ActiveEnterTimestamp'),
    pid: pid > 0 ? pid : undefined,
    instances: list.filter(isObject),
  });
}

function printStates({ stdout, environment }: Terminal, states: readonly ServiceState[]): void {
  const paint = createPaint(environment, stdout.isTty);
  const width = Math.max(0, ...states.map(({ host }) => host.length));
  for (const { host, installed, active, sub, since, pid, instances } of states) {
    const style = active === 'active' ? paint.good : active === 'failed' ? paint.bad : paint.warn;
    const facts = [
      ...(since === undefined ? [] : [`since ${since}`]),
      ...(pid === undefined ? [] : [`pid ${String(pid)}`]),
      ...instances.map(
        ({ instance, state, open_requests: open }) =>
          `deployment ${String(instance)} ${String(state)} (${pluralize(Number(open), 'open request')})`,
      ),
    ];
    const word = installed ? `${active} (${sub})` : 'not installed';
    stdout.write(
      `${paint.bold(host.padEnd(width))} ${style(word)}${facts.length === 0 ? '' : `  ${facts.join(', ')}`}\n`,
    );
  }
}

function costOf(verb: 'stop' | 'restart', { host, instances }: ServiceState): string {
  const open = instances.reduce((sum, one) => sum + Number(one['open_requests'] ?? 0), 0);
  const running = instances.length === 0 ? 'running requests' : pluralize(open, 'running request');
  return verb === 'stop'
    ? `${host}: the port closes and clients are refused until the next start; ${running} may end within 90 s and are cut then`
    : `${host}: no new request is served until the gateway is up again; ${running} may end within 90 s and are cut then (hxllm enforce replaces a gateway without that)`;
}

function notInstalled(host: string): Problem {
  return {
    code: 'config.not-installed',
    summary: `${host}: the gateway is not installed`,
    detail: 'Expected the service litellm, found none.',
    fix: `hxllm enforce --limit ${host}`,
    where: { host },
  };
}

function noConsent(verb: string, names: string): Problem {
  return {
    code: 'usage.consent',
    summary: `the gateway was not ${verb === 'stop' ? 'stopped' : 'restarted'}`,
    detail: `Expected a terminal to ask on, or --yes, found neither (${names}).`,
    fix: `hxllm service ${verb} --yes`,
  };
}
