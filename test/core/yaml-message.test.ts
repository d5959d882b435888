import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDocument } from 'yaml';
import { yamlMessage } from '../../src/core/yaml-message.ts';
import { readConfigText } from '../../src/gateway/process/config-file.ts';

const SECRETS = [
  'api_key: >canary',
  'api_key: |-canary',
  'api_key: *canary',
  '%YAML canary\n---\na: b',
  'a: "canary',
  'a: @canary',
];

// An unknown alias is an error of reading the values, and not of parsing.
for (const text of SECRETS.filter((each) => !each.includes('*')))
  test(`the message about ${JSON.stringify(text)} keeps its meaning and loses the text of the file`, () => {
    const [error] = parseDocument(text, { prettyErrors: false }).errors;
    const message = yamlMessage(error?.message ?? '');
    assert.match(message, /^[A-Z][a-z]+ \w+/);
    assert.doesNotMatch(message, /canary/);
  });

test('the gateway’s log has no secret of a config.yaml that cannot be read', () => {
  for (const text of SECRETS) {
    const { errors } = readConfigText(text, 'config.yaml', { environment: {} });
    assert.ok(errors.length > 0, text);
    assert.doesNotMatch(JSON.stringify(errors), /canary/, text);
  }
});
