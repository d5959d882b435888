import type { Random } from './random.ts';
import { tokenize } from './tokens.ts';

const ARTICLES = ['The', 'A', 'Every', 'One', 'Another'];
const QUALITIES = ['quiet', 'patient', 'small', 'careful', 'bright', 'old', 'steady', 'honest', 'curious', 'narrow'];
const SUBJECTS = [
  'gateway',
  'river',
  'harbour',
  'lantern',
  'gardener',
  'engine',
  'letter',
  'market',
  'bridge',
  'clock',
];
const VERBS = ['answers', 'carries', 'follows', 'remembers', 'mends', 'measures', 'greets', 'keeps'];
const OBJECTS = [
  'the morning',
  'a question',
  'its neighbour',
  'the long road',
  'a simple rule',
  'the last word',
  'a café',
  'the north wind',
];

/** Generates endless prose, token by token. Equal seeds give equal prose. */
export function* speakProse(random: Random): Generator<string, void> {
  for (let first = true; ; first = false) {
    const sentence = `${random.pick(ARTICLES)} ${random.pick(QUALITIES)} ${random.pick(SUBJECTS)} ${random.pick(VERBS)} ${random.pick(OBJECTS)}.`;
    yield* tokenize(first ? sentence : ` ${sentence}`);
  }
}

const ECHO = /^repeat after me:\s?([\s\S]*)$/i;

/** The text after `Repeat after me: `, which the model repeats. It lets a test choose an answer. */
export function echoOf(prompt: string): string | undefined {
  return ECHO.exec(prompt.trim())?.[1];
}

const WANTED = /answer in (\d+) tokens?\.\s*$/i;

/** The length of an answer whose question ends with `Answer in 40 tokens.` It lets a measurement choose each length. */
export function wantedTokens(prompt: string): number | undefined {
  const wanted = WANTED.exec(prompt.slice(-40))?.[1];
  return wanted === undefined ? undefined : Number(wanted);
}

/** The first `tokens` tokens. */
export function* take(speech: Iterable<string>, tokens: number): Generator<string, void> {
  let left = tokens;
  for (const token of speech) {
    if (left-- <= 0) return;
    yield token;
  }
}
