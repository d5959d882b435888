import { mkdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { relative } from 'node:path';
import { Secret } from '../../core/secret.ts';
import { fail, type Problem, type Result } from '../../core/problem.ts';
import { EXIT, exitCodeOfProblems } from '../exit-code.ts';
import type { Outcome } from '../run/outcome.ts';
import type { PhaseOptions, Session } from '../run/session.ts';
import { start } from '../run/start.ts';
import { up } from '../run/up.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { createHumanView } from '../views/human.ts';
import { askModels, startSims } from './backends.ts';
import { writeExample } from './example.ts';
import { farewellText } from './farewell.ts';
import { placesFor, type DemoPlaces } from './places.ts';
import { obstacleOn } from './port.ts';
import { claimPidFile, removePidFile } from './pid-file.ts';
import { dropServers, runningDemo, runningGateway, stopServers } from './running.ts';
import { stopDemos } from './stop.ts';
import { watchGateway } from './watch.ts';

/** What can be chosen about a demo. */
export interface DemoOptions {
  /** Returns when the gateway answers, and leaves it running. */
  readonly detach: boolean;
  /** Ends what runs instead of starting anything. */
  readonly stop: boolean;
  readonly port: number;
  /** Ollama servers to use; none: two simulated ones. */
  readonly backends: readonly string[];
}

/** The five phases against this machine, and a gateway that answers when they have passed; gives the exit code. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const terminal = processTerminal();
  if (options.stop) return stopDemos(terminal);
  const places = placesFor(terminal.cwd, options.port);
  const command = commandOf(terminal);
  const obstacle =
    runsAlready(places, options, command) ?? (await obstacleOn(options.port, command)) ?? badBackend(options.backends);
  if (obstacle !== undefined) return complain(terminal, [obstacle]);
  mkdirSync(places.folder, { recursive: true });
  if (!claim(places)) return complain(terminal, [alreadyRuns(options, command)]);
  let exitCode: number | undefined;
  const phaseOptions: PhaseOptions = {
    inventory: relative(terminal.cwd, places.inventory),
    vaultPasswordFile: relative(terminal.cwd, places.vaultPassword),
    yes: true,
  };
  const environment = { ...terminal.environment, ANSIBLE_CONFIG: places.ansibleCfg };
  // A Ctrl-C that cannot wait still ends what was started.
  const drop = (): void => dropServers(places);
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
          const demo = await perform(session, places, options, command);
          exitCode = demo.exitCode;
          return demo.outcomes;
        },
      },
    );
    return exitCode ?? ended;
  } finally {
    process.off('exit', drop);
    removePidFile(places.demoPid);
  }
}

// Of several that start at once only one goes on. A file that names nobody who runs is left over from one that was killed.
function claim(places: DemoPlaces): boolean {
  if (claimPidFile(places.demoPid, process.pid)) return true;
  if (runningDemo(places) !== undefined) return false;
  removePidFile(places.demoPid);
  return claimPidFile(places.demoPid, process.pid);
}

async function perform(
  session: Session,
  places: DemoPlaces,
  options: DemoOptions,
  command: string,
): Promise<{ readonly outcomes: readonly Outcome[]; readonly exitCode: number }> {
  const { terminal } = session;
  let outcomes: readonly Outcome[] = [];
  let leave = false;
  try {
    const prepared = await prepare(session, places, options);
    if (!prepared.ok)
      return { outcomes, exitCode: session.signal.aborted ? EXIT.interrupted : complain(terminal, prepared.problems) };
    outcomes = await up(session, {});
    const last = outcomes.at(-1);
    if (last?.ending !== 'passed') return { outcomes, exitCode: last?.exitCode ?? EXIT.bug };
    const near = (path: string): string => relative(terminal.cwd, path);
    const stop = options.detach ? `It runs until: ${command} --stop` : 'Ctrl-C ends it.';
    terminal.stdout.write(
      farewellText({
        url: `http://127.0.0.1:${String(options.port)}`,
        model: prepared.value,
        masterKeyFile: places.masterKey,
        evidence: evidenceOf(outcomes, near),
        example: `${near(places.folder)}/inventories`,
        stop,
      }),
    );
    if (options.detach) {
      leave = true;
      return { outcomes, exitCode: EXIT.ok };
    }
    const watch = watchGateway(places);
    await Promise.race([watch.gone, session.signal.aborted ? undefined : once(session.signal, 'abort')]);
    watch.stop();
    return { outcomes, exitCode: session.signal.aborted ? EXIT.ok : gatewayGone(terminal, places) };
  } finally {
    if (!leave) await stopAndSay(terminal, places);
  }
}

/** Backends and files; gives the alias to chat with. */
async function prepare(session: Session, places: DemoPlaces, { backends, port }: DemoOptions): Promise<Result<string>> {
  const { terminal, signal, redaction } = session;
  terminal.stdout.write(
    backends.length === 0
      ? 'Starting two simulated Ollama servers.\n'
      : `Asking ${backends.join(', ')} what they serve.\n`,
  );
  // What an earlier demo left behind, without a gateway, is in the way of this one.
  await stopServers(places);
  const urls =
    backends.length === 0
      ? await startSims(places, signal)
      : { ok: true as const, value: backends.map((url) => url.replace(/\/+$/, '')) };
  if (!urls.ok) return urls;
  const models = await askModels(urls.value, signal);
  if (!models.ok) return models;
  await writeExample(places, { port, backends: urls.value, models: models.value });
  redaction.add(new Secret(readFileSync(places.masterKey, 'utf8').trim()));
  redaction.add(new Secret(readFileSync(places.vaultPassword, 'utf8').trim()));
  const chat = models.value.find(({ mode }) => mode === 'chat');
  return chat === undefined
    ? fail({
        code: 'bug.no-chat-model',
        summary: 'no chat model was chosen',
        detail: 'Wanted one among the models; seen none.',
        fix: 'report it',
      })
    : { ok: true, value: chat.name };
}

async function stopAndSay(terminal: Terminal, places: DemoPlaces): Promise<void> {
  const { ended, left } = await stopServers(places);
  if (ended.length > 0) terminal.stdout.write(`Stopped: ${ended.join(', ')}.\n`);
  if (left.length > 0) terminal.stderr.write(`Could not stop: ${left.join(', ')}.\n`);
}

function gatewayGone(terminal: Terminal, places: DemoPlaces): number {
  terminal.stderr.write(
    `The gateway has ended without being asked to; its log: ${relative(terminal.cwd, places.gatewayLog)}\n`,
  );
  return EXIT.failed;
}

function runsAlready(places: DemoPlaces, options: DemoOptions, command: string): Problem | undefined {
  return runningDemo(places) === undefined && runningGateway(places) === undefined
    ? undefined
    : alreadyRuns(options, command);
}

function alreadyRuns({ port }: DemoOptions, command: string): Problem {
  return {
    code: 'demo.runs',
    summary: `a demo runs already, on http://127.0.0.1:${String(port)}`,
    detail: `End it with: ${command} --stop. Or start another beside it, on a port of its own: ${command} --port ${String(port + 1)}.`,
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
        detail: `Wanted something like http://host:11434; seen ${JSON.stringify(bad)}.`,
        fix: `hxllm demo --backend http://127.0.0.1:11434`,
      };
}

function complain(terminal: Terminal, problems: readonly Problem[]): number {
  const view = createHumanView(terminal, terminal.stdout, false);
  for (const problem of problems) view.event({ kind: 'problem', problem });
  return exitCodeOfProblems(problems);
}

function evidenceOf(outcomes: readonly Outcome[], near: (path: string) => string): readonly string[] {
  return outcomes.flatMap(({ evidence }) => (evidence === undefined ? [] : [near(evidence)]));
}

/** How a person starts the demo: through npm in the repository, else by the program's name. */
function commandOf({ environment }: Terminal): string {
  return environment['npm_lifecycle_event'] === 'demo' ? 'npm run demo --' : 'hxllm demo';
}
