import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFlags } from '../../../src/gateway/process/flags.ts';

test("a wrong command line is reported with the expected option and the program's name", () => {
  for (const [argv, detail] of [
    [[], 'Expected --config FILE, found no --config.'],
    [['--config', 'c.yaml', '--port', '99999'], 'Expected a port from 0 to 65535 after --port, found "99999".'],
    [['--config', 'c.yaml', '--colour'], "Unknown option '--colour'."],
  ] as const) {
    const flags = parseFlags(argv, '/opt/litellm/current/gateway');
    assert.ok(!flags.ok);
    assert.deepEqual(
      [flags.problems[0].code, flags.problems[0].detail, flags.problems[0].fix],
      ['usage.gateway', detail, '/opt/litellm/current/gateway --help'],
    );
  }
  assert.deepEqual(parseFlags(['--config', 'c.yaml', '--port', '0', '--check'], 'x'), {
    ok: true,
    value: { help: false, config: 'c.yaml', host: undefined, port: 0, check: true },
  });
});
