import { errorMessage } from '../../core/error.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { Refusal } from '../wire/refusal.ts';
import type { Capability } from './family.ts';
import type { ModelSpec } from './model.ts';
import { parseName } from './name.ts';

const NUMBERS: Readonly<
  Record<string, 'sizeMiB' | 'trainedContext' | 'embeddingLength' | 'numCtx' | 'numPredict' | 'answerTokens'>
> = {
  'size-mib': 'sizeMiB',
  'trained-context': 'trainedContext',
  'embedding-length': 'embeddingLength',
  'num-ctx': 'numCtx',
  'num-predict': 'numPredict',
  'answer-tokens': 'answerTokens',
};
const CAPABILITIES: readonly Capability[] = ['completion', 'embedding', 'tools', 'thinking', 'vision', 'insert'];
const KEYS = [...Object.keys(NUMBERS), 'capabilities', 'family', 'engine', 'weights'];

/** Reads `NAME[,KEY=VALUE…]`, the value of `--model`. Problems: `usage.sim-model`. */
export function readSpec(text: string): Result<ModelSpec> {
  const [name = '', ...pairs] = text.split(',');
  const spec: Record<string, unknown> = {};
  for (const pair of pairs) {
    const [key = '', value = ''] = pair.split(/=(.*)/s, 2);
    const read = readValue(key, value);
    if (read === undefined) return wrong(text, `Expected ${expectedFor(key)}, found ${JSON.stringify(pair)}.`);
    Object.assign(spec, read);
  }
  try {
    parseName(name, () => new Refusal(400, 'name missing'));
  } catch (error) {
    return wrong(
      text,
      `Expected a model's name such as llama3:8b, found ${JSON.stringify(name)} (${errorMessage(error)}).`,
    );
  }
  return ok({ name, ...spec });
}

function readValue(key: string, value: string): object | undefined {
  const number = NUMBERS[key];
  if (number !== undefined)
    return /^-?\d+$/.test(value) && (Number(value) > 0 || number === 'numPredict')
      ? { [number]: Number(value) }
      : undefined;
  if (key === 'engine') return value === 'llama' || value === 'ollama' ? { engine: value } : undefined;
  if (key === 'family' || key === 'weights') return value === '' ? undefined : { [key]: value };
  if (key !== 'capabilities') return undefined;
  const named = CAPABILITIES.filter((capability) => value.split('+').includes(capability));
  return named.length === value.split('+').length ? { capabilities: named } : undefined;
}

function expectedFor(key: string): string {
  if (key in NUMBERS) return `${key}= and a whole number`;
  if (key === 'engine') return 'engine=llama or engine=ollama';
  return key === 'capabilities'
    ? `capabilities= with some of ${CAPABILITIES.join('+')}`
    : `one of the keys ${KEYS.join(', ')} with a value`;
}

function wrong(text: string, detail: string): Result<never> {
  return fail({
    code: 'usage.sim-model',
    summary: `invalid --model ${JSON.stringify(text)}`,
    detail,
    fix: 'hxllm sim --help',
  });
}
