import { AnswerLines, type WantedAnswer } from '../../../../src/gateway/upstream/ollama/answer-lines.ts';
import type { ServerEvent } from '../../../../src/gateway/exchange.ts';
import { eventsOf } from '../../pieces.ts';

export const CHAT: WantedAnswer = {
  within: 'message',
  text: 'content',
  stop: [],
  maxTokens: undefined,
  parallelCalls: true,
};

export const read = (lines: readonly unknown[], wanted: Partial<WantedAnswer> = {}): readonly ServerEvent[] =>
  eventsOf((emit) => new AnswerLines(emit, { ...CHAT, ...wanted }), [bytesOf(lines)]);

export function bytesOf(lines: readonly unknown[]): Buffer {
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

export const says = (message: object): object => ({
  model: 'm',
  created_at: '2026-01-01T00:00:00Z',
  message: { role: 'assistant', content: '', ...message },
  done: false,
});

export const done = (more: object = {}): object => ({
  model: 'm',
  message: { role: 'assistant', content: '' },
  done: true,
  done_reason: 'stop',
  total_duration: 9e6,
  load_duration: 1e6,
  prompt_eval_count: 7,
  prompt_eval_duration: 2e6,
  eval_count: 3,
  eval_duration: 4e6,
  ...more,
});
