import assert from 'node:assert/strict';
import { count, maybe, mismatchOf, type Pattern } from '../pattern.ts';

export const USER = [{ role: 'user', content: 'Say something.' }];
export const OPTIONS = { num_predict: 6, seed: 3, temperature: 1 };
export const ENDING = {
  done: true,
  done_reason: /^(?:length|stop)$/,
  total_duration: count,
  load_duration: count,
  prompt_eval_count: count,
  prompt_eval_duration: count,
  eval_count: count,
  eval_duration: maybe(count),
};
export const USAGE = { prompt_tokens: count, completion_tokens: count, total_tokens: count };
export const LONG = 'word '.repeat(700);

export function allMatch(values: readonly unknown[], pattern: Pattern): void {
  for (const value of values) assert.equal(mismatchOf(value, pattern), undefined);
}
