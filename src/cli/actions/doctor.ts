import { resolve } from 'node:path';
import type { HostConfig } from '../../config/config.ts';
import { ownAddress } from '../../core/own-address.ts';
import { FORKS, mapInParallel } from '../../core/parallel.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { shellLine } from '../../core/shell.ts';
import { timestampOf } from '../../core/timestamp.ts';
import { createRedaction, type Redaction } from '../../evidence/redaction.ts';
import { diagnose } from '../../phases/smoke/doctor/diagnose.ts';
import type { HostSymptoms, Symptoms } from '../../phases/smoke/doctor/diagnosis.ts';
import { askHost } from '../../phases/smoke/doctor/on-host.ts';
import { askOutside, type OutsideTools } from '../../phases/smoke/doctor/outside.ts';
import type { SmokeTarget } from '../../phases/smoke/target.ts';
import { bundleFiles, writeBundle, type Examined } from '../doctor/bundle.ts';
import { expectedStateOf, hostPlaceOf } from '../doctor/expected-state.ts';
import { EXIT, exitCodeOfProblems } from '../exit-code.ts';
import { throughForward } from '../hosts/through-forward.ts';
import { withHosts, type HostOptions, type Hosts, type HostsEnd } from '../hosts/hosts.ts';
import { register } from '../run/with-config.ts';
import { readManifest } from '../shipping/package-root.ts';
import { watchInterruption } from '../terminal/interruption.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { fileWords } from '../vault/request.ts';
import { diagnosisBlock, type DoctorDocument } from '../views/doctor.ts';
import { createPaint } from '../views/paint.ts';
import { reportProblems } from '../views/problems.ts';
import { createSpinner } from '../views/spinner.ts';
import { readKeyFile } from './key-file.ts';
import { smokeTargets } from './smoke-targets.ts';

/** The options of `hxllm doctor`. */
export interface DoctorOptions extends HostOptions {
  readonly url?: string;
  readonly keyFile?: string;
  readonly throughSsh?: boolean;
  /** The archive; `true`: a name with the time. */
  readonly bundle?: string | true;
  readonly json?: boolean;
}

/** Looks for the one cause of a fault, on the hosts of the inventory or at a URL. Returns the exit code: 1 if there is one. */
export async function runDoctor(terminal: Terminal, options: DoctorOptions, argv: readonly string[]): Promise<number> {
  const spinner = createSpinner(terminal.stderr, terminal.stdout, terminal.environment);
  const redaction = createRedaction();
  const doctor: Doctor = { terminal, options, argv, redaction, progress: (text) => spinner.say(text) };
  try {
    if (options.url !== undefined) return await atUrl(doctor, options.url, () => spinner.stop());
    return await withHosts(terminal, options, (hosts) => onHosts(doctor, hosts, () => spinner.stop()), { quiet: true });
  } finally {
    spinner.stop();
  }
}

interface Doctor {
  readonly terminal: Terminal;
  readonly options: DoctorOptions;
  readonly argv: readonly string[];
  readonly redaction: Redaction;
  readonly progress: (text: string) => void;
}

async function atUrl(doctor: Doctor, url: string, stop: () => void): Promise<number> {
  const { terminal, options, redaction, progress } = doctor;
  const interruption = watchInterruption(
    () => {},
    () => process.exit(EXIT.interrupted),
  );
  const { signal } = interruption;
  try {
    const target = await targetOf(terminal, url, options.keyFile);
    if (!target.ok) {
      reportProblems(terminal, target.problems);
      return exitCodeOfProblems(target.problems);
    }
    if (target.value.key !== undefined) redaction.add(target.value.key);
    const tools = { signal, nowMs: terminal.nowMs, progress };
    const symptoms: Symptoms = {
      target: target.value,
      outside: await askOutside(target.value, tools),
      expected: undefined,
      host: undefined,
    };
    stop();
    if (signal.aborted) return EXIT.interrupted;
    const told = await tell(doctor, [{ symptoms, diagnosis: diagnose(symptoms) }], []);
    reportProblems(terminal, told.problems);
    return told.problems.length > 0 ? exitCodeOfProblems(told.problems) : (told.exitCode ?? EXIT.ok);
  } finally {
    interruption.dispose();
  }
}

async function targetOf({ cwd }: Terminal, text: string, keyFile: string | undefined): Promise<Result<SmokeTarget>> {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return fail({
      code: 'usage.url',
      summary: 'the address to examine is not an HTTP URL',
      detail: `Expected a URL such as http://host:4000, found ${JSON.stringify(url === null ? text : `${url.protocol}//…`)}${url !== null && url.username !== '' ? ', with credentials in it' : ''}.`,
      fix: 'hxllm doctor --url http://host:4000 --key-file FILE',
    });
  const key = keyFile === undefined ? undefined : await readKeyFile(resolve(cwd, keyFile));
  if (key?.ok === false) return key;
  return ok({ name: text, url: text, key: key?.value, models: undefined, backends: undefined, embeddings: [] });
}

async function onHosts(doctor: Doctor, hosts: Hosts, stop: () => void): Promise<HostsEnd> {
  const { options, redaction } = doctor;
  const { config, configs, signal } = hosts;
  register({ redaction }, config);
  const command = shellLine(['hxllm', 'doctor', ...fileWords(options)]);
  const targets = smokeTargets(config, options.throughSsh === true, command);
  if (!targets.ok) return { problems: targets.problems };
  const examined = await mapInParallel(configs, options.forks ?? config.forks ?? FORKS, (host, index) => {
    const target = targets.value[index];
    if (target === undefined) throw new Error(`no target for ${host.target.name}`);
    return examine(doctor, hosts, host, target);
  });
  stop();
  if (signal.aborted) return { problems: [], exitCode: EXIT.interrupted };
  return tell(
    doctor,
    examined.flatMap((one) => (one.ok ? [one.value] : [])),
    examined.flatMap((one) => (one.ok ? [] : one.problems)),
  );
}

async function examine(
  { terminal, options, progress }: Doctor,
  { on, signal }: Hosts,
  config: HostConfig,
  target: SmokeTarget,
): Promise<Result<Examined>> {
  const expected = expectedStateOf(config);
  const tools: OutsideTools = { signal, nowMs: terminal.nowMs, progress };
  progress(`asking ${target.name}`);
  let forwarded: Symptoms['outside'] | undefined;
  const asked = await on<HostSymptoms>(config, async (host) => {
    const symptoms = await askHost(host, hostPlaceOf(config, expected), signal);
    if (!symptoms.ok || options.throughSsh !== true) return symptoms;
    const forward = await host.forward(ownAddress(config.settings.listen), config.settings.port);
    if (!forward.ok) return forward;
    try {
      forwarded = await askOutside({ ...target, ...throughForward(target.url, forward.value) }, tools);
    } finally {
      await forward.value.close();
    }
    return symptoms;
  });
  // Without SSH there is nothing to forward through.
  if (!asked.ok && options.throughSsh === true) return asked;
  const outside = forwarded ?? (await askOutside(target, tools));
  const symptoms: Symptoms = { target, outside, expected, host: asked.ok ? asked.value : reasonOf(asked.problems) };
  return ok({ symptoms, diagnosis: diagnose(symptoms) });
}

function reasonOf([problem]: readonly Problem[]): { readonly why: string; readonly fix: string } {
  return { why: [problem?.summary, problem?.detail].join(': '), fix: problem?.fix ?? 'hxllm preflight' };
}

async function tell(
  { terminal, options, argv, redaction }: Doctor,
  examined: readonly Examined[],
  problems: readonly Problem[],
): Promise<HostsEnd> {
  const { stdout, environment, cwd, nowMs } = terminal;
  const { version } = await readManifest();
  const name = `hxllm-doctor-${timestampOf(nowMs())}`;
  const archive =
    options.bundle === undefined
      ? undefined
      : resolve(cwd, options.bundle === true ? `${name}.tar.gz` : options.bundle);
  const program = { hxllm: version, node: process.version, platform: process.platform, arch: process.arch, argv };
  const written =
    archive === undefined ? ok(undefined) : writeBundle(bundleFiles(examined, program, redaction), archive, name);
  const bundled = written.ok ? archive : undefined;
  const all = [...problems, ...(written.ok ? [] : written.problems)];
  // Redaction keeps the shape of a diagnosis.
  const diagnoses = examined.map(
    ({ symptoms, diagnosis }) =>
      redaction.data({ host: symptoms.target.name, ...diagnosis }) as DoctorDocument['diagnoses'][number],
  );
  if (options.json === true) {
    const document: DoctorDocument = {
      schemaVersion: 1,
      command: 'doctor',
      version,
      diagnoses,
      ...(bundled === undefined ? {} : { bundle: bundled }),
      problems: all,
    };
    stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
  } else {
    const layout = {
      paint: createPaint(environment, stdout.isTty),
      indent: 0,
      columns: stdout.columns(),
      verbose: false,
    };
    for (const diagnosis of diagnoses) stdout.write(diagnosisBlock(diagnosis, layout));
    if (bundled !== undefined) stdout.write(`${bundled}  # read it before you send it\n`);
  }
  return { problems: all, exitCode: diagnoses.some(({ severity }) => severity === 'error') ? EXIT.failed : EXIT.ok };
}
