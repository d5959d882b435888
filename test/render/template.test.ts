import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillTemplate } from '../../src/render/template.ts';

test('names are replaced by their values, and values are not expanded again', () => {
  const filled = fillTemplate('t', 'a={{one}} {{two}}\n{ {{one}} }\n', { one: '{{two}}', two: '$&' });
  assert.deepEqual(filled, { ok: true, value: 'a={{two}} $&\n{ {{two}} }\n' });
});

test('every unknown name is a problem with the template’s line', () => {
  const filled = fillTemplate('/t/litellm.env', 'a={{one}}\nb={{tow}}\n{{ one }}\nc={{toString}}\n', { one: '1' });
  assert.ok(!filled.ok);
  assert.deepEqual(
    filled.problems.map((problem) => [problem.code, problem.where?.file, problem.where?.line]),
    [2, 3, 4].map((line) => ['config.template-name', '/t/litellm.env', line]),
  );
  assert.match(filled.problems[0].detail, /Expected one of \{\{one\}\}, found \{\{tow\}\}/);
});
