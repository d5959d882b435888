import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { pluralize } from '../core/pluralize.ts';
import type { Problem } from '../core/problem.ts';
import type { GatewayConfig, ListenAddress } from '../schema/gateway-config.ts';
import { lintConfig } from '../schema/lint.ts';
import { exposureOf, isLoopback } from '../schema/listen.ts';
import { loadConfigFile, problemOf } from './process/config-file.ts';
import { differencesOf } from './process/differences.ts';
import { parseFlags, USAGE, type Flags } from './process/flags.ts';
import { createGateway } from './gateway.ts';
import { addressText, passedSockets, type Listening } from './http/listen.ts';
import { createLog, batchWrites } from './log.ts';
import { exitCodeOf, problemText } from './process/problem-text.ts';
import { reload } from './process/reload.ts';
import { listenForSignals } from './process/signals.ts';
import { countNames } from '../schema/wildcard.ts';

/** Time for the reader of the log to take the last lines, after a stop, ms. */
const LOG_GRACE_MS = 2000;

const DEFAULT_LISTEN: ListenAddress = { host: '127.0.0.1', port: 4000 };

/**
 * Runs the gateway until it is told to stop. `program` is its name in messages. Returns the exit code: 0 after a stop or a
 * successful check, 64 for wrong usage, 78 if it could not start.
 */
export async function gatewayMain(argv: readonly string[], program = 'hxllm gateway'): Promise<number> {
  const flags = parseFlags(argv, program);
  if (!flags.ok) return giveUp(flags.problems);
  if (flags.value.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { config: file, check, ignored } = flags.value;
  if (ignored.length > 0) process.stderr.write(`warning: ${ignored.join(', ')} of LiteLLM: no effect here\n`);
  const { config, errors, warnings } = await loadConfigFile(file, { environment: process.env });
  for (const warning of warnings) process.stderr.write(problemText('warning', warning));
  if (config === undefined) return giveUp(errors);
  const fds = passedSockets(process.env, process.pid);
  const listening: Listening =
    fds.length > 0 ? { kind: 'passed', fds } : { kind: 'address', address: addressOf(flags.value, config) };
  const exposed = listening.kind === 'address' ? exposure(config, listening.address, file) : undefined;
  if (exposed !== undefined) return giveUp([exposed]);
  const isUsualAddress = listening.kind === 'address' && flags.value.host === undefined && config.listen === undefined;
  for (const difference of differencesOf(config, isUsualAddress ? listening.address : undefined))
    process.stderr.write(`note: ${difference}\n`);
  if (check) {
    if (config.masterKey.state === 'none' && listening.kind === 'address') warnOpen([listening.address]);
    for (const issue of lintConfig(config)) process.stderr.write(problemText('warning', problemOf(issue, { file })));
    const { models, patterns } = countNames(config);
    const names = patterns === 0 ? '' : ` and ${pluralize(patterns, 'pattern')} of names`;
    const servers = pluralize(config.backends.length, 'backend');
    process.stdout.write(`${file} is valid: ${pluralize(models, 'model')}${names} on ${servers}\n`);
    return 0;
  }
  return run(config, listening, flags.value);
}

// Node names its main thread MainThread, and `ps` and `systemctl status` would show that. process.title would remove the arguments
// that they show as well.
function takeName(): void {
  try {
    writeFileSync('/proc/self/comm', 'litellm');
  } catch {
    // A system without /proc shows another name; nothing else depends on it.
  }
}

async function run(config: GatewayConfig, listening: Listening, flags: Flags): Promise<number> {
  takeName();
  const output = batchWrites(process.stdout);
  const log = createLog(output.write);
  // Also when an error ends the process.
  process.once('exit', output.flush);
  // A reader of the log that goes away (EPIPE) ends no request.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const gateway = createGateway(config, log);
  const signals = listenForSignals();
  const addresses = await gateway.listen(listening);
  const problems = addresses.ok
    ? addresses.value
        .map((address) => exposure(config, address, flags.config))
        .filter((problem) => problem !== undefined)
    : addresses.problems;
  if (!addresses.ok || problems.length > 0) {
    await gateway.stop(0, signals.second);
    signals.forget();
    return giveUp(problems);
  }
  if (config.masterKey.state === 'none') warnOpen(addresses.value);
  const wouldMove = (next: GatewayConfig): boolean =>
    listening.kind === 'address' && addressText(addressOf(flags, next)) !== addressText(listening.address);
  signals.onHangUp(() =>
    gateway.whileReloading(
      reload({
        file: flags.config,
        environment: process.env,
        gateway,
        addresses: addresses.value,
        wouldMove,
        stateDir: config.stateDir,
        log,
        tell: (text) => process.stderr.write(text),
      }),
    ),
  );
  log({
    event: 'listening',
    addresses: addresses.value.map(addressText),
    ...countNames(config),
    backends: config.backends.length,
  });
  await signals.first;
  log({ event: 'stopping', in_flight: gateway.service().scheduler.inFlight });
  const { cut } = await gateway.stop(gateway.service().config.timeouts.drainMs, signals.second);
  signals.forget();
  log({ event: 'stopped', cut });
  // Only a log without reader, whose lines wait, still keeps the process by then.
  setTimeout(() => process.exit(), LOG_GRACE_MS).unref();
  return 0;
}

function addressOf({ host, port }: Flags, { listen: configured }: GatewayConfig): ListenAddress {
  const { host: usualHost, port: usualPort } = configured ?? DEFAULT_LISTEN;
  return { host: host ?? usualHost, port: port ?? usualPort };
}

function exposure(config: GatewayConfig, { host }: ListenAddress, file: string): Problem | undefined {
  const issue = exposureOf(config, host);
  return issue === undefined ? undefined : problemOf(issue, { file });
}

function warnOpen(addresses: readonly ListenAddress[]): void {
  const who = addresses.every(({ host }) => isLoopback(host))
    ? 'every user of this machine'
    : 'every client that reaches it';
  process.stderr.write(
    `warning: no master key: ${who} may use this gateway; set general_settings.master_key to os.environ/LITELLM_MASTER_KEY to change that\n`,
  );
}

function giveUp(problems: readonly Problem[]): number {
  for (const problem of problems) process.stderr.write(problemText('error', problem));
  return problems[0] === undefined ? 70 : exitCodeOf(problems[0]);
}

// On a host the script beside the bundle starts it. The threads of a process run the same bundle.
if (import.meta.main && isMainThread)
  process.exitCode = await gatewayMain(process.argv.slice(2), join(import.meta.dirname, 'gateway'));
