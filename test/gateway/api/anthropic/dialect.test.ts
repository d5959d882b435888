import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANTHROPIC } from '../../../../src/gateway/api/anthropic/dialect.ts';

test('the parameter at fault is named as Anthropic names it, or as the client called it', () => {
  const errorFor = (param: string): unknown =>
    JSON.parse(ANTHROPIC.errorResponse({ kind: 'invalid', code: null, message: 'not possible', param }).body);
  for (const [param, name] of [
    ['response_format', 'output_config.format'],
    ['reasoning_effort', 'thinking'],
    ['top_k', 'top_k'],
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
  ] as const) {
    assert.partialDeepStrictEqual(errorFor(param), { error: { message: `${name}: not possible` } });
  }
});
