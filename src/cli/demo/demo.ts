import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { relative } from 'node:path';
import { Secret } from '../../core/secret.ts';
import { fail, type Problem, type Result } from '../../core/problem.ts';
import { EXIT, exitCodeOfProblems } from '../exit-code.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import type { PhaseOptions, Session } from '../run/session.ts';
import { start } from '../run/start.ts';
import { runUpCommand } from '../actions/up.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { createHumanView } from '../views/human.ts';
import { askModels, startSims } from './backends.ts';
import { writeExample } from './example.ts';
import { nextSteps } from './next-steps.ts';
import { pathsFor, type DemoPaths } from './paths.ts';
import { obstacleOn } from './port.ts';
import { claimPidFile, removePidFile } from './pid-file.ts';
import { dropServers, runningDemo, runningGateway, stopServers } from './running.ts';
import { stopDemos } from './stop.ts';
import { unfitFolder } from './unfit-folder.ts';
import { watchGateway } from './watch.ts';

/** The options of a demo. */
export interface DemoOptions {
  /** Return when the gateway answers, and leave it running. */
  readonly detach: boolean;
  /** Stop every running demo instead of starting one. */
  readonly stop: boolean;
  readonly port: number;
  /** Ollama servers to use; empty: two simulated ones. */
  readonly backends: readonly string[];
}

/** Runs the five phases against this machine and leaves a gateway answering if they pass. Returns the exit code. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const terminal = processTerminal();
  if (options.stop) return stopDemos(terminal);
  const paths = pathsFor(terminal.cwd, options.port);
  const command = commandOf(terminal);
  const obstacle =
    runsAlready(paths, options, command) ??
    (await obstacleOn(options.port, command)) ??
    badBackend(options.backends) ??
    unfitFolder(terminal.cwd, paths);
  if (obstacle !== undefined) return complain(terminal, [obstacle]);
  if (!claim(paths)) return complain(terminal, [alreadyRuns(options, command)]);
  let exitCode: number | undefined;
  const phaseOptions: PhaseOptions = {
    inventory: [relative(terminal.cwd, paths.inventory)],
    vaultPasswordFile: relative(terminal.cwd, paths.vaultPassword),
    yes: true,
  };
  const environment = { ...terminal.environment, ANSIBLE_CONFIG: paths.ansibleCfg };
  // A second Ctrl-C exits at once, but still stops the servers.
  const drop = (): void => dropServers(paths);
  process.on('exit', drop);
  try {
    const ended = await start(
      { ...terminal, environment },
      {
        name: 'demo',
        argv: process.argv.slice(2),
        options: phaseOptions,
        several: true,
        work: async (session) => {
          const demo = await perform(session, paths, options, command);
          exitCode = demo.exitCode;
          return demo.outcomes;
        },
      },
    );
    return exitCode ?? ended;
  } finally {
    process.off('exit', drop);
    removePidFile(paths.demoPid);
  }
}

// Of several demos that start at once only one continues. A pid file without a running process is left over from a killed demo.
function claim(paths: DemoPaths): boolean {
  if (claimPidFile(paths.demoPid, process.pid)) return true;
  if (runningDemo(paths) !== undefined) return false;
  removePidFile(paths.demoPid);
  return claimPidFile(paths.demoPid, process.pid);
}

async function perform(
  session: Session,
  paths: DemoPaths,
  options: DemoOptions,
  command: string,
): Promise<{ readonly outcomes: readonly PhaseOutcome[]; readonly exitCode: number }> {
  const { terminal } = session;
  let outcomes: readonly PhaseOutcome[] = [];
  let leave = false;
  try {
    const prepared = await prepare(session, paths, options);
    if (!prepared.ok)
      return { outcomes, exitCode: session.signal.aborted ? EXIT.interrupted : complain(terminal, prepared.problems) };
    outcomes = await runUpCommand(session, {});
    const last = outcomes.at(-1);
    if (last?.ending !== 'passed') return { outcomes, exitCode: last?.exitCode ?? EXIT.bug };
    const near = (path: string): string => relative(terminal.cwd, path);
    const stop = options.detach ? `Stop it with: ${command} --stop` : 'Press Ctrl-C to stop it.';
    terminal.stdout.write(
      nextSteps({
        url: `http://127.0.0.1:${String(options.port)}`,
        model: prepared.value,
        masterKeyFile: paths.masterKey,
        evidence: evidenceOf(outcomes, near),
        example: `${near(paths.folder)}/inventories`,
        stop,
      }),
    );
    if (options.detach) {
      leave = true;
      return { outcomes, exitCode: EXIT.ok };
    }
    const watch = watchGateway(paths);
    await Promise.race([watch.gone, session.signal.aborted ? undefined : once(session.signal, 'abort')]);
    watch.stop();
    return { outcomes, exitCode: session.signal.aborted ? EXIT.ok : gatewayGone(terminal, paths) };
  } finally {
    if (!leave) await stopAndSay(terminal, paths);
  }
}

/** Starts or asks the backends and writes the files. Returns the alias of the chat model. */
async function prepare(session: Session, paths: DemoPaths, { backends, port }: DemoOptions): Promise<Result<string>> {
  const { terminal, signal, redaction } = session;
  terminal.stdout.write(
    backends.length === 0
      ? 'Starting two simulated Ollama servers.\n'
      : `Asking ${backends.join(', ')} for their models.\n`,
  );
  // Stop servers that an earlier demo without a running gateway left behind.
  await stopServers(paths);
  const urls =
    backends.length === 0
      ? await startSims(paths, signal)
      : { ok: true as const, value: backends.map((url) => url.replace(/\/+$/, '')) };
  if (!urls.ok) return urls;
  const models = await askModels(urls.value, signal);
  if (!models.ok) return models;
  await writeExample(paths, { port, backends: urls.value, models: models.value });
  redaction.add(new Secret(readFileSync(paths.masterKey, 'utf8').trim()));
  const chat = models.value.find(({ mode }) => mode === 'chat');
  return chat === undefined
    ? fail({
        code: 'bug.no-chat-model',
        summary: 'no chat model was chosen',
        detail: 'Expected a chat model in the list, found none.',
        fix: 'report the bug',
      })
    : { ok: true, value: chat.name };
}

async function stopAndSay(terminal: Terminal, paths: DemoPaths): Promise<void> {
  const { ended, left } = await stopServers(paths);
  if (ended.length > 0) terminal.stdout.write(`Stopped: ${ended.join(', ')}.\n`);
  if (left.length > 0) terminal.stderr.write(`Could not stop: ${left.join(', ')}.\n`);
}

function gatewayGone(terminal: Terminal, paths: DemoPaths): number {
  terminal.stderr.write(`The gateway stopped unexpectedly. Its log: ${relative(terminal.cwd, paths.gatewayLog)}\n`);
  return EXIT.failed;
}

function runsAlready(paths: DemoPaths, options: DemoOptions, command: string): Problem | undefined {
  return runningDemo(paths) === undefined && runningGateway(paths) === undefined
    ? undefined
    : alreadyRuns(options, command);
}

function alreadyRuns({ port }: DemoOptions, command: string): Problem {
  return {
    code: 'demo.runs',
    summary: `a demo is already running on http://127.0.0.1:${String(port)}`,
    detail: `To stop it: ${command} --stop. To start another one on its own port: ${command} --port ${String(port + 1)}.`,
    fix: `${command} --stop`,
  };
}

function badBackend(backends: readonly string[]): Problem | undefined {
  const bad = backends.find((url) => !/^https?:$/.test(URL.parse(url)?.protocol ?? ''));
  return bad === undefined
    ? undefined
    : {
        code: 'usage.backend',
        summary: '--backend takes the address of an Ollama server',
        detail: `Expected a URL such as http://host:11434, found ${JSON.stringify(bad)}.`,
        fix: `hxllm demo --backend http://127.0.0.1:11434`,
      };
}

function complain(terminal: Terminal, problems: readonly Problem[]): number {
  const view = createHumanView(terminal, terminal.stdout, false);
  for (const problem of problems) view.event({ kind: 'problem', problem });
  return exitCodeOfProblems(problems);
}

function evidenceOf(outcomes: readonly PhaseOutcome[], near: (path: string) => string): readonly string[] {
  return outcomes.flatMap(({ evidence }) => (evidence === undefined ? [] : [near(evidence)]));
}

/** The command that starts the demo: through npm in the repository, else hxllm. */
function commandOf({ environment }: Terminal): string {
  return environment['npm_lifecycle_event'] === 'demo' ? 'npm run demo --' : 'hxllm demo';
}
