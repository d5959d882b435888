import { isObject } from '../../core/json.ts';
import { instanceOf } from './instance.ts';
import { Random } from './random.ts';
import { echoOf, speakProse, take, wantedTokens } from './speech.ts';
import type { Spoken, ToolCall } from './spoken.ts';
import { tokenize } from './tokens.ts';

/** All that an answer depends on. Equal questions get equal answers. */
export interface Question {
  readonly weights: string;
  readonly prompt: string;
  readonly seed: number;
  /** Content and role of the last message. */
  readonly last: string;
  readonly lastRole: string;
  /** `undefined`: free text; `json`: any object; otherwise a JSON schema. */
  readonly format: unknown;
  readonly tools: readonly unknown[];
  readonly thinks: boolean;
  /** Number of tokens of a free answer. `undefined`: the prompt decides. */
  readonly tokens: number | undefined;
}

/** Generates an answer, token by token. */
export function* speak(question: Question): Generator<Spoken, void> {
  const random = new Random(`${question.weights} ${String(question.seed)} ${question.prompt}`);
  if (question.thinks) yield* say(take(speakProse(random), 4 + random.below(8)), 'thinking');
  const call = question.lastRole === 'user' ? callOf(question, random) : undefined;
  if (call !== undefined) {
    yield* say(tokenize(JSON.stringify(call.function)), 'hidden');
    yield { kind: 'calls', text: '', calls: [call] };
    return;
  }
  yield* say(textOf(question, random), 'text');
}

function* say(tokens: Iterable<string>, kind: Spoken['kind']): Generator<Spoken, void> {
  for (const text of tokens) yield { kind, text };
}

function textOf(question: Question, random: Random): Iterable<string> {
  if (question.format !== undefined) {
    const schema = question.format === 'json' ? { properties: { answer: { type: 'string' } } } : question.format;
    return tokenize(JSON.stringify(instanceOf(schema, random)));
  }
  const echo = echoOf(question.last);
  if (echo !== undefined) return tokenize(echo);
  return take(speakProse(random), wantedTokens(question.last) ?? question.tokens ?? 8 + random.below(40));
}

// A tool is called if the question contains a word of its name: "the weather in Paris?" calls get_weather.
function callOf(question: Question, random: Random): ToolCall | undefined {
  for (const tool of question.tools) {
    const made = isObject(tool) ? tool['function'] : undefined;
    const name = isObject(made) && typeof made['name'] === 'string' ? made['name'] : '';
    const words = name
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .filter((word) => word.length > 3);
    if (!isObject(made) || !words.some((word) => question.last.toLowerCase().includes(word))) continue;
    const id = `call_${String(random.below(1e8)).padStart(8, '0')}`;
    return { id, function: { index: 0, name, arguments: instanceOf(made['parameters'], random) } };
  }
  return undefined;
}
