import { pathsOf, type HostConfig } from '../../config/config.ts';
import { isObject, parseJson, type Json } from '../../core/json.ts';
import { pluralize } from '../../core/pluralize.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { Host } from '../../core/host.ts';
import { EXIT } from '../exit-code.ts';
import { runAsRoot } from '../hosts/as-root.ts';
import { withHosts, type HostOptions } from '../hosts/hosts.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { createPaint } from '../views/paint.ts';

/** The options of `hxllm backend`. */
export interface BackendOptions extends HostOptions {
  readonly wait?: boolean;
  /** Seconds. */
  readonly timeout?: number;
  readonly json?: boolean;
}

const ANSWER_MS = 60_000;
const LONGEST_MS = 86_400_000;

/** Lists the servers of each gateway, drains one of them, or takes it back. Returns the exit code. */
export function runBackend(
  terminal: Terminal,
  verb: 'backends' | 'drain' | 'undrain',
  url: string | undefined,
  options: BackendOptions,
): Promise<number> {
  return withHosts(terminal, options, async ({ signal, onAll }) => {
    const args = [
      verb,
      ...(url === undefined ? [] : [url]),
      ...(options.wait === true ? ['--wait'] : []),
      ...(options.timeout === undefined ? [] : ['--timeout', String(options.timeout)]),
    ];
    const { answers: hosts, problems } = await onAll(
      async (host, config) => {
        const controlled = await control(host, config, args, options, signal);
        return controlled.ok ? ok({ host: host.name, ...controlled.value }) : controlled;
      },
      ({ host, ...document }) => {
        if (options.json !== true) print(terminal, host, document);
      },
    );
    if (options.json === true) terminal.stdout.write(`${JSON.stringify({ schemaVersion: 1, hosts }, undefined, 2)}\n`);
    return { problems, exitCode: signal.aborted ? EXIT.interrupted : EXIT.ok };
  });
}

async function control(
  host: Host,
  config: HostConfig,
  args: readonly string[],
  { wait }: BackendOptions,
  signal: AbortSignal,
): Promise<Result<Json>> {
  const { name } = config.target;
  if (config.settings.serviceManager === 'process')
    return fail(noControl(name, 'litellm_service_manager is process, whose gateway has no control socket'));
  const ran = await runAsRoot(host, config.become, {
    script: '[ -x "$1" ] || exit 127; exec "$@"',
    args: [`${pathsOf(config.settings).current}/gateway`, '--control', ...args],
    title: `${args[0] ?? ''} a server`,
    signal,
    timeoutMs: wait === true ? LONGEST_MS : ANSWER_MS,
  });
  if (!ran.ok) return ran;
  const { exitCode, stdout, stderr } = ran.value;
  if (exitCode === 127) return fail(noControl(name, 'no gateway is installed there'));
  const document = parseJson(stdout);
  if (!isObject(document)) {
    // An older gateway takes --control for an unknown option.
    const [said = ''] = stderr.trim().split('\n');
    return fail(noControl(name, said === '' ? `exit code ${String(exitCode)} without an answer` : said));
  }
  if (exitCode === 0) return ok(document);
  return fail(problemIn(document, stderr, name));
}

function problemIn(document: Json, stderr: string, host: string): Problem {
  const problem = isObject(document['problem']) ? document['problem'] : {};
  const { code, summary, detail, fix } = problem;
  if (typeof code !== 'string') {
    const [said = 'the command failed'] = stderr.trim().split('\n');
    return {
      code: 'backend.busy',
      summary: `${host}: ${said.replace(/^error: /, '')}`,
      detail: 'Expected the command to succeed, found that it did not.',
      fix: `hxllm backend list --limit ${host}`,
      where: { host },
    };
  }
  if (code === 'instance.none' || code === 'instance.unknown-verb') return noControl(host, String(detail));
  return { code, summary: `${host}: ${String(summary)}`, detail: String(detail), fix: String(fix), where: { host } };
}

function noControl(host: string, found: string): Problem {
  return {
    code: 'config.no-control-socket',
    summary: `${host}: its gateway takes no commands`,
    detail: `Expected a gateway with a control socket in /run/litellm, found: ${found.replace(/\.$/, '')}.`,
    fix: `hxllm service status --limit ${host}  # and hxllm enforce --limit ${host} deploys a gateway that takes commands`,
    where: { host },
  };
}

function print({ stdout, environment }: Terminal, host: string, document: Json): void {
  const paint = createPaint(environment, stdout.isTty);
  const list = Array.isArray(document['backends']) ? document['backends'] : [document['backend']];
  for (const { url, state, drained, since, in_flight: inFlight, loading, idle } of list.filter(isObject)) {
    const parts = [
      drained === true ? `drained${typeof since === 'string' ? ` since ${since}` : ''}` : 'in use',
      ...(state === 'down' ? ['down'] : []),
      idle === true ? 'idle' : pluralize(Number(inFlight), 'running request'),
      ...(typeof loading === 'string' ? [`loads ${loading}`] : []),
    ];
    const style = drained === true ? paint.warn : state === 'down' ? paint.bad : paint.good;
    stdout.write(`${paint.bold(host)} ${String(url)}  ${style(parts.join(', '))}\n`);
  }
}
