import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseObject } from '../core/json.ts';
import type { Problem, Result } from '../core/problem.ts';
import type { Environment } from '../schema/environment.ts';
import type { GatewayConfig, ListenAddress } from '../schema/gateway-config.ts';
import { countNames } from '../schema/wildcard.ts';
import { Instance } from './control/instance.ts';
import type { InstancePlace } from './control/instance-id.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { addressText, type Listening } from './http/listen.ts';
import { KeyRecords } from './key-records.ts';
import { batchWrites, createLog, PIPE_BUF_BYTES, type Log } from './log.ts';
import type { Flags } from './process/flags.ts';
import { addressOf, exposure, openWarning } from './process/listen-address.ts';
import { reload } from './process/reload.ts';
import { listenForSignals, type Signals } from './process/signals.ts';

/** Bytes of messages for a person that may wait for their reader. */
const MOST_UNREAD_BYTES = 1024 * 1024;

/** Time for the reader of the log to take the last lines, after a stop, ms. */
const LOG_GRACE_MS = 2000;

/** The parts of a start that were read and judged. */
export interface RunOptions {
  readonly config: GatewayConfig;
  readonly listening: Listening;
  readonly flags: Flags;
  /** The variables of the process and of its credential. */
  readonly environment: Environment;
  /** Where other instances find this one, if there may be others. */
  readonly place: InstancePlace | undefined;
}

/** Runs a gateway until it is told to stop, or another instance has taken over. Returns the Problems of a start that failed. */
export async function runGateway(options: RunOptions): Promise<readonly Problem[]> {
  const { config, listening, flags, environment, place } = options;
  // Its own variables are no secrets, and are read where they are used.
  for (const [name, value] of Object.entries(environment)) if (name.startsWith('HXLLM_')) process.env[name] = value;
  takeName();
  const output = batchWrites(process.stdout, undefined, place === undefined ? undefined : PIPE_BUF_BYTES);
  const log = createLog(output.write, undefined, flags.instance);
  // Also when an error ends the process.
  process.once('exit', output.flush);
  // A reader of the log that goes away (EPIPE) ends no request.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const records = new KeyRecords(config.stateDir, log, flags.config);
  const read = await records.begin();
  if (!read.ok) return read.problems;
  const gateway = createGateway(config, log, undefined, flags.instance, records, ownVersion());
  const signals = listenForSignals();
  const accept = async (): Promise<Result<readonly ListenAddress[]>> => {
    if (place !== undefined) records.tookOver();
    return begin(options, gateway, signals, log);
  };
  const instance =
    place === undefined
      ? undefined
      : new Instance({
          place,
          gateway,
          fds: listening.kind === 'passed' ? listening.fds : [],
          version: ownVersion(),
          log,
          accept,
        });
  const begun = instance === undefined ? await accept() : await instance.serve(signals.first);
  if (begun?.ok === false) {
    instance?.close();
    await gateway.stop(0, signals.second);
    signals.forget();
    return begun.problems;
  }
  const replacement = await Promise.race([
    signals.first.then(() => undefined),
    ...(instance === undefined ? [] : [instance.replaced]),
  ]);
  if (instance === undefined || replacement === undefined) await stop(gateway, signals, log);
  else await drain({ gateway, signals, log, instance, by: replacement.by });
  instance?.close();
  signals.forget();
  // Only a log without reader, whose lines wait, still keeps the process by then.
  setTimeout(() => process.exit(), LOG_GRACE_MS).unref();
  return [];
}

async function begin(
  { config, listening, flags, environment }: RunOptions,
  gateway: Gateway,
  signals: Signals,
  log: Log,
): Promise<Result<readonly ListenAddress[]>> {
  const begun = await gateway.listen(listening);
  if (!begun.ok) return begun;
  const { value: addresses } = begun;
  const [problem, ...more] = addresses.flatMap((address) => exposure(config, address, flags.config) ?? []);
  if (problem !== undefined) return { ok: false, problems: [problem, ...more] };
  if (config.masterKey.state === 'none') process.stderr.write(openWarning(addresses));
  const wouldMove = (next: GatewayConfig): boolean =>
    listening.kind === 'address' && addressText(addressOf(flags, next)) !== addressText(listening.address);
  signals.onHangUp(() =>
    gateway.whileReloading(
      reload({
        file: flags.config,
        environment,
        gateway,
        addresses,
        wouldMove,
        stateDir: config.stateDir,
        log,
        tell: (text) => {
          // A reader that stalls would make each reload a part of the memory.
          if (process.stderr.writableLength < MOST_UNREAD_BYTES) process.stderr.write(text);
        },
      }),
    ),
  );
  log({
    event: 'listening',
    addresses: addresses.map(addressText),
    ...countNames(config),
    backends: config.backends.length,
    certificate: gateway.tls()?.described(),
  });
  return begun;
}

async function stop(gateway: Gateway, { second }: Signals, log: Log): Promise<void> {
  log({ event: 'stopping', in_flight: gateway.service().scheduler.inFlight });
  const { cut } = await gateway.stop(gateway.service().config.timeouts.drainMs, second);
  log({ event: 'stopped', cut });
}

// A signal to stop shortens the drain to that of a stop, and a second one ends it.
async function drain({
  gateway,
  signals,
  log,
  instance,
  by,
}: {
  readonly gateway: Gateway;
  readonly signals: Signals;
  readonly log: Log;
  readonly instance: Instance;
  readonly by: string;
}): Promise<void> {
  const { takeOverDrainMs, drainMs } = gateway.service().config.timeouts;
  const sinceMs = performance.now();
  const hurry = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const { requests, connections } = gateway.counts();
  instance.drainsUntil(new Date(Date.now() + takeOverDrainMs));
  // Its configuration stays: a reload is for the instance that serves.
  signals.onHangUp(() => Promise.resolve());
  log({ event: 'draining', to: by, open_requests: requests, connections, limit_s: takeOverDrainMs / 1000 });
  void signals.first.then(() => {
    log({ event: 'stopping', in_flight: gateway.service().scheduler.inFlight });
    instance.drainsUntil(
      new Date(Math.min(Date.now() + drainMs, Date.now() + takeOverDrainMs - (performance.now() - sinceMs))),
    );
    timer = setTimeout(() => {
      hurry.abort();
    }, drainMs);
  });
  const atOnce = AbortSignal.any([signals.second, instance.cut, hurry.signal]);
  const { cut } = await gateway.stop(takeOverDrainMs, atOnce, true);
  clearTimeout(timer);
  log({ event: 'drained', cut, took_ms: Math.round(performance.now() - sinceMs) });
}

/** The version in the release beside the bundle; `undefined` in the repository. */
function ownVersion(): string | undefined {
  try {
    const version = parseObject(readFileSync(join(import.meta.dirname, 'release.json'), 'utf8'))?.['version'];
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
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
