import { setImmediate } from 'node:timers/promises';
import { errorMessage, errorStack } from '../../core/error.ts';
import { ok, type Problem } from '../../core/problem.ts';
import { exposureOf } from '../../schema/listen.ts';
import type { GatewayConfig, ListenAddress } from '../../schema/gateway-config.ts';
import type { Environment } from '../../schema/environment.ts';
import { problemOf } from './config-file.ts';
import { reloadConfigFile } from './config-thread.ts';
import type { Gateway } from '../gateway.ts';
import { openWarning } from './listen-address.ts';
import type { Log } from '../log.ts';
import { problemText } from './problem-text.ts';
import { countNames } from '../../schema/wildcard.ts';

/** The parts of the start that a reload needs. */
export interface ReloadOptions {
  readonly file: string;
  /** The environment of the process: it cannot change while the process runs. */
  readonly environment: Environment;
  readonly gateway: Gateway;
  /** The addresses that the gateway listens on; they stay. */
  readonly addresses: readonly ListenAddress[];
  /** Whether a new start would listen on another address. */
  readonly wouldMove: (config: GatewayConfig) => boolean;
  /** The folder of the state that the gateway has; it stays. */
  readonly stateDir: string | undefined;
  readonly log: Log;
  /** Takes text for a person. */
  readonly tell: (text: string) => void;
}

/**
 * Reads the configuration again, and uses it from the next request on. An invalid file changes nothing and is reported with its line.
 * An error of the gateway itself is reported too: a reload never ends the process.
 */
export async function reload(options: ReloadOptions): Promise<boolean> {
  try {
    return await readAndApply(options);
  } catch (error) {
    options.tell(`error: the reload failed; this is a bug in hxllm: ${errorStack(error)}\n`);
    options.log({ event: 'reload-refused', problems: [{ code: 'bug.reload', summary: errorMessage(error) }] });
    options.gateway.metrics.reloaded('refused');
    return false;
  }
}

async function readAndApply({
  file,
  environment,
  gateway,
  addresses,
  wouldMove,
  stateDir,
  log,
  tell,
}: ReloadOptions): Promise<boolean> {
  const { config, errors, warnings } = await reloadConfigFile(file, { environment });
  await tellAll('warning', warnings, tell);
  const tls = gateway.tls();
  const identity = config?.tls === undefined || tls === undefined ? ok(undefined) : await tls.read(config.tls);
  const problems =
    config === undefined
      ? errors
      : [
          ...addresses.flatMap(({ host }) => exposureOf(config, host) ?? []).map((issue) => problemOf(issue, { file })),
          ...(identity.ok ? [] : identity.problems),
        ];
  await tellAll('error', problems, tell);
  if ([...problems, ...warnings].some(({ code }) => code === 'config.environment-unset')) tell(ENVIRONMENT_NOTE);
  if (config === undefined || problems.length > 0) {
    const more = problems.length - MOST_LOGGED;
    log({
      event: 'reload-refused',
      problems: problems.slice(0, MOST_LOGGED).map(summaryOf),
      ...(more > 0 ? { more_problems: more } : {}),
    });
    gateway.metrics.reloaded('refused');
    return false;
  }
  if (config.masterKey.state === 'none' && gateway.service().config.masterKey.state !== 'none')
    tell(openWarning(addresses));
  const moves = wouldMove(config);
  if (moves)
    tell('warning: hxllm.listen has changed; that takes a restart, and until then the gateway listens where it did\n');
  const remembersElsewhere = config.stateDir !== stateDir;
  if (remembersElsewhere)
    tell(
      'warning: hxllm.state_dir has changed; that takes a restart, and until then the gateway writes where it did\n',
    );
  const changesTls = (config.tls === undefined) !== (tls === undefined);
  if (changesTls)
    tell(
      `warning: hxllm.tls ${tls === undefined ? 'is new' : 'is gone'}; that takes a restart, and until then the gateway speaks ${tls === undefined ? 'plain HTTP' : 'TLS'}\n`,
    );
  const restartNeeded = [
    ...(moves ? ['hxllm.listen'] : []),
    ...(remembersElsewhere ? ['hxllm.state_dir'] : []),
    ...(changesTls ? ['hxllm.tls'] : []),
  ];
  if (!(await gateway.reload(config))) {
    log({ event: 'reload-refused', problems: [{ code: 'gateway.stopped', summary: 'the gateway has stopped' }] });
    gateway.metrics.reloaded('refused');
    return false;
  }
  if (identity.ok && identity.value !== undefined) await tls?.renew(identity.value);
  gateway.metrics.reloaded('done');
  log({
    event: 'reloaded',
    ...countNames(config),
    backends: config.backends.length,
    ...(restartNeeded.length > 0 ? { restart_needed: restartNeeded } : {}),
  });
  return true;
}

/** Most problems in one line of the log. */
const MOST_LOGGED = 20;

/** Problems that are written in one turn of the event loop, and in all: a wrong file of a large fleet has a hundred thousand. */
const TOLD_AT_ONCE = 200;
const MOST_TOLD = 1000;

async function tellAll(
  severity: 'error' | 'warning',
  problems: readonly Problem[],
  tell: ReloadOptions['tell'],
): Promise<void> {
  const told = problems.slice(0, MOST_TOLD);
  for (let at = 0; at < told.length; at += TOLD_AT_ONCE) {
    if (at > 0) await setImmediate();
    tell(
      told
        .slice(at, at + TOLD_AT_ONCE)
        .map((problem) => problemText(severity, problem))
        .join(''),
    );
  }
  if (problems.length > told.length)
    tell(`${severity}: and ${String(problems.length - told.length)} more of this file\n`);
}

const ENVIRONMENT_NOTE =
  'note: the environment of a running gateway does not change: after a change of litellm.env, restart it instead\n';

function summaryOf({ code, summary, detail, where }: Problem): Readonly<Record<string, unknown>> {
  return {
    code,
    at: [where?.file, where?.line, where?.column].filter((part) => part !== undefined).join(':'),
    summary,
    detail,
  };
}
