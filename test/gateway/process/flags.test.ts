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
    value: {
      help: false,
      config: 'c.yaml',
      host: undefined,
      port: 0,
      check: true,
      instance: undefined,
      runtimeFolder: undefined,
      environment: undefined,
      tls: {},
      ignored: [],
    },
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
      instance: undefined,
      runtimeFolder: undefined,
      environment: undefined,
      tls: {},
      ignored: ['--num_workers', '--detailed_debug', '--run_gunicorn', '--request_timeout', '--debug'],
    },
  });
  const checked = parseFlags(['--config', 'c.yaml', '--validate_config'], 'x');
  assert.equal(checked.ok && checked.value.check, true);
});

/** Every option of `litellm --help`, 1.108.7 (litellm/proxy/proxy_cli.py). */
const LITELLM =
  'add_function_to_prompt add_key alias api_base api_version azure_postgresql_auth ciphers config debug detailed_debug drop_params ' +
  'enforce_prisma_migration_check granian_threads headers health host iam_token_db_auth keepalive_timeout limit_concurrency local ' +
  'log_config max_budget max_requests_before_restart max_requests_before_restart_jitter max_tokens model num_requests num_workers port ' +
  'prometheus_metrics_port reload request_timeout run_granian run_gunicorn run_hypercorn save setup skip_server_startup ' +
  'ssl_certfile_path ssl_keyfile_path telemetry temperature test test_async timeout_worker_healthcheck use_legacy_migration_resolver ' +
  'use_prisma_db_push use_queue use_v2_migration_resolver validate_config version workers';

test('no option of LiteLLM is unknown: each is taken, named as without effect, or refused with its replacement', () => {
  for (const name of LITELLM.split(' ')) {
    const parsed = [[`--${name}`], [`--${name}`, '1']].map((flag) => parseFlags(['--config', 'c.yaml', ...flag], 'x'));
    const replaced = parsed.find(
      (flags) => !flags.ok && /of LiteLLM has no counterpart/.test(flags.problems[0].summary),
    );
    if (replaced?.ok === false) assert.ok(replaced.problems[0].fix.length > 20, name);
    else
      assert.ok(
        parsed.some(({ ok }) => ok),
        name,
      );
  }
});

test('LiteLLM’s flags for TLS stand for their variables', () => {
  const flags = parseFlags(['--config', 'c', '--ssl_keyfile_path', 'k', '--ssl_certfile_path', 'c.pem'], 'x');
  assert.deepEqual(flags.ok && flags.value.tls, { SSL_CERTFILE_PATH: 'c.pem', SSL_KEYFILE_PATH: 'k' });
});

test('an option that says what to serve, or asks for something else than a start, is refused with its replacement', () => {
  for (const [argv, fix] of [
    [['--model', 'ollama/llama3'], /litellm_params of an entry of model_list$/],
    [['-m', 'ollama/llama3'], /litellm_params/],
    [['--ciphers', 'k'], /ciphers of Node/],
    [['--health'], /curl .*\/health$/],
    [['-v'], /^hxllm --version/],
  ] as const) {
    const flags = parseFlags(argv, 'x');
    assert.ok(!flags.ok);
    assert.match(flags.problems[0].fix, fix);
  }
  assert.equal(parseFlags(['--config', 'c.yaml', '--num_workers'], 'x').ok, false);
  const started = parseFlags(['--config', 'c.yaml', '--skip_server_startup'], 'x');
  assert.equal(started.ok && started.value.check, true);
});
