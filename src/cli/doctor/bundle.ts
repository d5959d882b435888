import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { errorCode, errorMessage } from '../../core/error.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { Redaction } from '../../evidence/redaction.ts';
import { reportAsData } from '../../phases/smoke/report.ts';
import { serviceOf, type Diagnosis, type Symptoms } from '../../phases/smoke/doctor/diagnosis.ts';

/** A diagnosis with all that it rests on. */
export interface Examined {
  readonly symptoms: Symptoms;
  readonly diagnosis: Diagnosis;
}

// It names hosts, addresses and models.
const FILE_MODE = 0o600;

const README = `A report of hxllm doctor.

program.json           the versions, and the command line
HOST/diagnosis.json    the cause, its evidence, the next command
HOST/exchanges.json    every request over HTTP with its answer, and every check
HOST/fleet.json        servers, models and queues as the gateway knows them
HOST/host.json         the units, the check of the configuration, the listeners, the servers as the host sees them
HOST/log.txt           the last lines of the gateway's log, which has no prompts and no answers
HOST/config.yaml       the configuration on the host

Keys and passwords that hxllm knows, texts that look like keys, and values of settings named key, token, password or secret are
[redacted]. Names of hosts, addresses, users and models are not. Read it before you send it.
`;

/** The files of a report, by path, with every secret redacted. */
export function bundleFiles(
  examined: readonly Examined[],
  program: object,
  redaction: Redaction,
): ReadonlyMap<string, string> {
  const files = new Map<string, string>([['README.txt', README]]);
  const text = (path: string, content: string): void => void files.set(path, mask(redaction.text(content)));
  const data = (path: string, content: unknown): void =>
    void files.set(path, `${JSON.stringify(maskData(redaction.data(content)), undefined, 2)}\n`);
  data('program.json', program);
  for (const { symptoms, diagnosis } of examined) {
    const { target, outside, host } = symptoms;
    const folder = target.name.replaceAll(/[^\w.-]+/g, '_').replace(/^\.+/, '_');
    data(`${folder}/diagnosis.json`, diagnosis);
    data(
      `${folder}/exchanges.json`,
      reportAsData([{ target, exchanges: outside.exchanges, results: outside.results }]),
    );
    if (outside.fleet !== undefined) data(`${folder}/fleet.json`, outside.fleet);
    const service = serviceOf(symptoms);
    // The log and the configuration have files of their own.
    const { log = [], config = '', ...rest } = service ?? {};
    if (host !== undefined) data(`${folder}/host.json`, { ...host, service: service === undefined ? 'unknown' : rest });
    if (service !== undefined) text(`${folder}/log.txt`, `${log.join('\n')}\n`);
    if (config !== '') text(`${folder}/config.yaml`, config);
  }
  return files;
}

const SECRET_NAME = String.raw`[\w.-]*(?:key|token|password|passwd|secret|credential)s?`;

// A name, perhaps in quotes that may be escaped (JSON within JSON), and its value in the same forms.
const SETTING = new RegExp(
  String.raw`(${SECRET_NAME}\\*["']?\s*[:=]\s*)((\\+)"(?:(?!\3").)*\3"|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,}&#"']+)`,
  'gi',
);

/** Values of such settings that are no secrets: the name of a variable, a word of hxllm’s own, a count of tokens. */
const HARMLESS =
  /^\\*["']?(?:os\.environ\/\S*|\[redacted\]|right|wrong|none|previous|revoked|bare|basic|query|null|true|false|\d+)\\*["']?$/;

/** Masks the values of settings whose name says that they are secret. */
function mask(text: string): string {
  return text.replaceAll(SETTING, (whole: string, name: string, value: string) =>
    HARMLESS.test(value) ? whole : `${name}[redacted]`,
  );
}

const NAMED = new RegExp(`^${SECRET_NAME}$`, 'i');

/** The same in data, where the name of a property may say it. */
function maskData(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return NAMED.test(name) && !HARMLESS.test(value) ? '[redacted]' : mask(value);
  if (Array.isArray(value)) return value.map((item) => maskData(item, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskData(item, key)]));
}

/** Packs the files into an archive (tar, gzip) that only its owner may read. Problem `doctor.not-written`. */
export function writeBundle(files: ReadonlyMap<string, string>, archive: string, name: string): Result<void> {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), 'hxllm-doctor-'));
    for (const [path, content] of files) {
      const file = join(folder, name, path);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, content, { mode: FILE_MODE });
    }
    const output = openSync(archive, 'wx', FILE_MODE);
    const packed = spawnSync('tar', ['-cz', '--owner=0', '--group=0', '-C', folder, name], {
      encoding: 'utf8',
      stdio: ['ignore', output, 'pipe'],
    });
    closeSync(output);
    if (packed.status === 0) return ok(undefined);
    rmSync(archive);
    return notWritten(
      archive,
      errorCode(packed.error) === 'ENOENT' ? 'no tar in PATH' : (packed.stderr.trim().split('\n').at(-1) ?? ''),
    );
  } catch (error) {
    return notWritten(archive, errorMessage(error));
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  }
}

function notWritten(archive: string, found: string): Result<never> {
  return fail({
    code: 'doctor.not-written',
    summary: 'the report was not written',
    detail: `Expected a new file ${archive}, found: ${found}.`,
    fix: 'hxllm doctor --bundle OTHER-FILE.tar.gz',
    where: { file: archive },
  });
}
