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
    value: { help: false, config: 'c.yaml', host: undefined, port: 0, check: true, ignored: [] },
  });
});

test('a command line of LiteLLM is taken; its flags without effect are named', () => {
  const line = '-c c.yaml --port 4000 --num_workers 2 --detailed_debug --run_gunicorn --request_timeout=600 --debug';
  assert.deepEqual(parseFlags(line.split(' '), 'x'), {
    ok: true,
    value: {
      help: false,
      config: 'c.yaml',
      host: undefined,
      port: 4000,
      check: false,
      ignored: ['--num_workers', '--detailed_debug', '--run_gunicorn', '--request_timeout', '--debug'],
    },
  });
  const checked = parseFlags(['--config', 'c.yaml', '--validate_config'], 'x');
  assert.equal(checked.ok && checked.value.check, true);
});

test('flags that say what to serve, or to serve it by TLS, are no flags without effect', () => {
  for (const argv of [['--model', 'ollama/llama3'], ['--ssl_keyfile_path', 'k'], ['--num_workers'], ['--test', 'x']])
    assert.equal(parseFlags(['--config', 'c.yaml', ...argv], 'x').ok, false, argv.join(' '));
});
