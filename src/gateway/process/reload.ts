import { setImmediate } from 'node:timers/promises';
import { errorMessage, errorStack } from '../../core/error.ts';
import type { Problem } from '../../core/problem.ts';
import { exposureOf } from '../../schema/listen.ts';
import type { GatewayConfig, ListenAddress } from '../../schema/gateway-config.ts';
import type { Environment } from '../../schema/environment.ts';
import { loadConfigFile, problemOf } from './config-file.ts';
import type { Gateway } from '../gateway.ts';
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
  log,
  tell,
}: ReloadOptions): Promise<boolean> {
  const { config, errors, warnings } = await loadConfigFile(file, { environment }, true);
  for (const warning of warnings) tell(problemText('warning', warning));
  const problems =
    config === undefined
      ? errors
      : addresses.flatMap(({ host }) => exposureOf(config, host) ?? []).map((issue) => problemOf(issue, { file }));
  for (const problem of problems) tell(problemText('error', problem));
  if ([...problems, ...warnings].some(({ code }) => code === 'config.environment-unset')) tell(ENVIRONMENT_NOTE);
  if (config === undefined || problems.length > 0) {
    log({ event: 'reload-refused', problems: problems.map(summaryOf) });
    gateway.metrics.reloaded('refused');
    return false;
  }
  const moves = wouldMove(config);
  if (moves)
    tell('warning: hxllm.listen has changed; that takes a restart, and until then the gateway listens where it did\n');
  // In a turn of its own, behind the reading.
  await setImmediate();
  gateway.reload(config);
  gateway.metrics.reloaded('done');
  log({
    event: 'reloaded',
    ...countNames(config),
    backends: config.backends.length,
    ...(moves ? { restart_needed: ['hxllm.listen'] } : {}),
  });
  return true;
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
