import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { pluralize } from '../core/pluralize.ts';
import type { Problem } from '../core/problem.ts';
import { lintConfig } from '../schema/lint.ts';
import { runControl } from './control/control-command.ts';
import { isControl, parseControl } from './control/control-flags.ts';
import { placeOfInstance, runtimeFolder } from './control/instance-id.ts';
import { loadConfigFile, problemOf } from './process/config-file.ts';
import { differencesOf } from './process/differences.ts';
import { readEnvironment } from './process/environment.ts';
import { parseFlags, USAGE } from './process/flags.ts';
import { passedSockets, type Listening } from './http/listen.ts';
import { readTlsFiles } from './http/tls-files.ts';
import { addressOf, exposure, openWarning } from './process/listen-address.ts';
import { exitCodeOf, problemText } from './process/problem-text.ts';
import { runGateway } from './run.ts';
import { countNames } from '../schema/wildcard.ts';

/**
 * Runs the gateway until it is told to stop. `program` is its name in messages. Returns the exit code: 0 after a stop or a
 * successful check, 64 for wrong usage, 78 if it could not start.
 */
export async function gatewayMain(argv: readonly string[], program = 'hxllm gateway'): Promise<number> {
  if (isControl(argv)) return control(argv, program);
  const flags = parseFlags(argv, program);
  if (!flags.ok) return giveUp(flags.problems);
  if (flags.value.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const { config: file, check, ignored, instance } = flags.value;
  const place = placeOfInstance(instance, runtimeFolder(flags.value.runtimeFolder, process.env));
  if (!place.ok) return giveUp(place.problems);
  if (ignored.length > 0) process.stderr.write(`warning: ${ignored.join(', ')} of LiteLLM: no effect here\n`);
  const environment = await readEnvironment(process.env, flags.value.environment);
  if (!environment.ok) return giveUp(environment.problems);
  const variables = { ...environment.value, ...flags.value.tls };
  const { config, errors, warnings } = await loadConfigFile(file, { environment: variables });
  for (const warning of warnings) process.stderr.write(problemText('warning', warning));
  if (config === undefined) return giveUp(errors);
  const identity = config.tls === undefined ? undefined : await readTlsFiles(config.tls);
  if (identity?.ok === false) return giveUp(identity.problems);
  const fds = passedSockets(process.env, process.pid);
  const listening: Listening =
    fds.length > 0 ? { kind: 'passed', fds } : { kind: 'address', address: addressOf(flags.value, config) };
  const exposed = listening.kind === 'address' ? exposure(config, listening.address, file) : undefined;
  if (exposed !== undefined) return giveUp([exposed]);
  const isUsualAddress = listening.kind === 'address' && flags.value.host === undefined && config.listen === undefined;
  for (const difference of differencesOf(config, isUsualAddress ? listening.address : undefined))
    process.stderr.write(`note: ${difference}\n`);
  if (check) {
    if (config.masterKey.state === 'none' && listening.kind === 'address')
      process.stderr.write(openWarning([listening.address]));
    for (const issue of lintConfig(config)) process.stderr.write(problemText('warning', problemOf(issue, { file })));
    const { models, patterns } = countNames(config);
    const names = patterns === 0 ? '' : ` and ${pluralize(patterns, 'pattern')} of names`;
    const servers = pluralize(config.backends.length, 'backend');
    process.stdout.write(`${file} is valid: ${pluralize(models, 'model')}${names} on ${servers}\n`);
    return 0;
  }
  const problems = await runGateway({
    config,
    listening,
    flags: flags.value,
    environment: variables,
    place: place.value,
  });
  return problems.length === 0 ? 0 : giveUp(problems);
}

async function control(argv: readonly string[], program: string): Promise<number> {
  const command = parseControl(argv, program);
  if (!command.ok) return giveUp(command.problems);
  const { ok, document, problems } = await runControl(command.value);
  process.stdout.write(`${JSON.stringify(document)}\n`);
  for (const problem of problems) process.stderr.write(problemText('error', problem));
  return ok ? 0 : 1;
}

function giveUp(problems: readonly Problem[]): number {
  for (const problem of problems) process.stderr.write(problemText('error', problem));
  return problems[0] === undefined ? 70 : exitCodeOf(problems[0]);
}

// On a host the script beside the bundle starts it. The threads of a process run the same bundle.
if (import.meta.main && isMainThread)
  process.exitCode = await gatewayMain(process.argv.slice(2), join(import.meta.dirname, 'gateway'));
