import { parseArgs } from 'node:util';
import { errorMessage } from '../core/error.ts';
import { fail, ok, type Result } from '../core/problem.ts';
import { nearestName } from '../core/spelling.ts';
import { readSpec } from './models/spec.ts';
import { DEFAULT_MODELS, settle, type SimOptions } from './settings.ts';

interface NumberFlag {
  readonly option:
    | 'port'
    | 'numParallel'
    | 'loadMs'
    | 'tokenMs'
    | 'prefillMsPerToken'
    | 'pieceTokens'
    | 'vramMiB'
    | 'maxLoadedModels'
    | 'maxQueue'
    | 'keepAliveMs';
  readonly says: string;
  readonly whole: boolean;
  readonly min: number;
}

// One row for each flag; help and parser both read it.
const NUMBERS: Readonly<Record<string, NumberFlag>> = {
  port: { option: 'port', says: 'port to listen on; 0 takes a free one', whole: true, min: 0 },
  'num-parallel': { option: 'numParallel', says: 'slots of each model (OLLAMA_NUM_PARALLEL)', whole: true, min: 1 },
  'load-ms': { option: 'loadMs', says: 'duration of a load', whole: false, min: 0 },
  'token-ms': { option: 'tokenMs', says: 'duration of one token of an answer', whole: false, min: 0 },
  'prefill-ms-per-token': {
    option: 'prefillMsPerToken',
    says: 'duration of one token of a prompt',
    whole: false,
    min: 0,
  },
  'piece-tokens': { option: 'pieceTokens', says: 'tokens in one piece of a stream', whole: true, min: 1 },
  'vram-mib': {
    option: 'vramMiB',
    says: 'VRAM for all models; a model that does not fit evicts another',
    whole: true,
    min: 0,
  },
  'max-loaded-models': {
    option: 'maxLoadedModels',
    says: 'models in memory at once (OLLAMA_MAX_LOADED_MODELS)',
    whole: true,
    min: 1,
  },
  'max-queue': {
    option: 'maxQueue',
    says: 'requests that may wait for a load (OLLAMA_MAX_QUEUE)',
    whole: true,
    min: 0,
  },
  'keep-alive-ms': { option: 'keepAliveMs', says: 'time that an idle model stays in memory', whole: false, min: 0 },
};

const STRINGS = ['host', 'model', 'sim-version', ...Object.keys(NUMBERS)];

/** Reads the command line; `help` wins over all other flags. Problems: `usage.*`. */
export function readFlags(argv: readonly string[]): Result<SimOptions | 'help'> {
  const options = {
    help: { type: 'boolean', short: 'h' },
    gpu: { type: 'boolean' },
    ...Object.fromEntries(STRINGS.map((name) => [name, { type: 'string', multiple: true } as const])),
  } as const;
  let values: Readonly<Record<string, unknown>>;
  try {
    ({ values } = parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }));
  } catch (error) {
    return wrong('invalid command line', `${errorMessage(error)}.${suggestionFor(errorMessage(error))}`);
  }
  if (values['help'] === true) return ok('help');
  const read: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(NUMBERS)) {
    const text = last(values[name]);
    if (text === undefined) continue;
    const number = text.trim() === '' ? Number.NaN : Number(text);
    if (
      !(number >= flag.min) ||
      !Number.isFinite(number) ||
      (flag.whole && !Number.isInteger(number)) ||
      (name === 'port' && number > 65_535)
    ) {
      return wrong(
        `invalid --${name} ${JSON.stringify(text)}`,
        `Expected a ${flag.whole ? 'whole ' : ''}number of at least ${String(flag.min)}${name === 'port' ? ' and at most 65535' : ''}, found ${JSON.stringify(text)}.`,
      );
    }
    read[flag.option] = number;
  }
  const host = last(values['host']);
  if (host !== undefined) read['host'] = host;
  if (values['gpu'] === true) read['gpu'] = true;
  const version = last(values['sim-version']);
  if (version !== undefined) read['version'] = version;
  return readModels(list(values['model']), read);
}

/** The nearest flag to the one that parseArgs does not know. */
function suggestionFor(message: string): string {
  const name = /^Unknown option '--([^']+)'/.exec(message)?.[1];
  const meant = name === undefined ? undefined : nearestName(name, [...STRINGS, 'gpu', 'help']);
  return meant === undefined ? '' : ` Did you mean --${meant}?`;
}

function readModels(texts: readonly string[], read: Record<string, unknown>): Result<SimOptions> {
  if (texts.length === 0) return ok(read);
  const models = texts.map((text) => readSpec(text));
  const bad = models.find((model) => !model.ok);
  return bad !== undefined && !bad.ok
    ? bad
    : ok({ ...read, models: models.flatMap((model) => (model.ok ? [model.value] : [])) });
}

/** The text of `--help`. */
export function helpText(): string {
  const defaults = settle({});
  const rows = Object.entries(NUMBERS).map(([name, flag]) => [
    `--${name} N`,
    `${flag.says} (${String(defaults[flag.option])})`,
  ]);
  const lines = [
    ['--host HOST', `address to listen on (${defaults.host}); on loopback only local Host names are answered`],
    ...rows,
    ['--gpu', 'answers, prompts and models slow each other down, as on one GPU'],
    [
      '--model NAME[,KEY=VALUE…]',
      'a model on its disk; repeatable. Keys: size-mib, trained-context, num-ctx, num-predict,',
    ],
    ['', 'answer-tokens, embedding-length, capabilities=completion+tools+…, family, engine=llama|ollama, weights'],
    ['', `default: ${DEFAULT_MODELS.join(', ')}`],
    ['--sim-version V', `version that /api/version reports (${defaults.version})`],
    ['-h, --help', 'this text'],
  ].map(([flag = '', says = '']) => `  ${flag.padEnd(27)}${says}`);
  return `hxllm sim: a simulated Ollama server. Same text for the same seed and prompt.\n\nUsage: hxllm sim [flags]\n\n${lines.join('\n')}\n\nFaults on demand: POST /sim/faults with {"kind":"error|slow-load|failed-load|stall|die|cut|reset|garbage|repeat","path":…,"model":…,"after":…,"times":…,"status":…,"message":…,"ms":…};\nGET lists them, DELETE clears them.\nPOST /sim/speed with {"speed":0.5} halves the speed; GET /sim/journal lists loads and uses of models.\n`;
}

function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function last(value: unknown): string | undefined {
  return list(value).at(-1);
}

function wrong(summary: string, detail: string): Result<never> {
  return fail({ code: 'usage.sim-flag', summary, detail, fix: 'hxllm sim --help' });
}
