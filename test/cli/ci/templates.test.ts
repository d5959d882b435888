import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { grammarOf } from '../../../src/cli/completion/grammar.ts';
import { createProgram } from '../../../src/cli/program.ts';

const read = (name: string): string => readFileSync(new URL(`../../../templates/ci/${name}`, import.meta.url), 'utf8');

interface GithubStep {
  readonly name?: string;
  readonly if?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}
interface Workflow {
  readonly jobs: Readonly<Record<'plan' | 'apply', { readonly steps: readonly GithubStep[] }>>;
}
interface GitlabJob {
  readonly before_script?: readonly string[];
  readonly script?: readonly string[];
  readonly after_script?: readonly string[];
}

const PLAN = '~ config.yaml\n```\n<img src=x>\n';

/** A runner with fakes of the programs that reach the outside: they write their arguments to `calls`. */
class Runner implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'hxllm-ci-'));
  readonly work = join(this.folder, 'work');

  constructor() {
    mkdirSync(join(this.folder, 'bin'));
    mkdirSync(join(this.folder, 'home'));
    mkdirSync(this.work);
    for (const name of ['password', 'key', 'hosts']) writeFileSync(join(this.folder, name), `the ${name}`);
    this.program('npm', '');
    this.program(
      'hxllm',
      `[ ! -e "${this.folder}/fails-$1" ] || exit 1
case "$*" in *--out*) echo '{}' > plan.json; printf '${PLAN.replaceAll('\n', String.raw`\n`)}';; *--plan*) [ -e plan.json ] || exit 78;; esac`,
    );
    // Only the calls of the templates have answers.
    this.program(
      'gh',
      `case "$*" in
"api repos/o/r/commits/abc/pulls --jq .[0].head.sha // empty") [ -e "${this.folder}/unreviewed" ] || echo f00d;;
"run list --workflow hxllm.yml --event pull_request --commit f00d --json databaseId --jq .[0].databaseId // empty") echo 17;;
"run download 17 --name hxllm-plan") echo '{}' > plan.json;;
"pr comment 9 --body-file comment.md") ;;
*) exit 9;; esac`,
    );
    this.program(
      'curl',
      `case "$*" in *PRIVATE-TOKEN:\\ glpat-x*) ;; *) exit 9;; esac
case "$*" in
*/repository/commits/abc/merge_requests) if [ -e "${this.folder}/unreviewed" ]; then echo '[]'; else echo '[{"iid":12}]'; fi;;
*"/jobs/artifacts/refs%2Fmerge-requests%2F12%2Fhead/raw/plan.json?job=hxllm-plan") echo '{}' > plan.json;;
*"--data-urlencode body@comment.md https://gitlab/api/v4/projects/5/merge_requests/12/notes") ;;
*) exit 9;; esac`,
    );
  }

  program(name: string, script: string): void {
    const file = join(this.folder, 'bin', name);
    writeFileSync(file, `#!/bin/bash\necho "${name} $*" >> "${this.folder}/calls"\n${script}\n`);
    chmodSync(file, 0o755);
  }

  plant(name: string): void {
    writeFileSync(join(this.folder, name), '');
  }

  bash(script: string, environment: Readonly<Record<string, string>>, flags: string): boolean {
    const { status } = spawnSync('bash', ['--noprofile', '--norc', flags, 'pipefail', '-c', script], {
      cwd: this.work,
      encoding: 'utf8',
      env: {
        PATH: `${join(this.folder, 'bin')}:${process.env['PATH'] ?? ''}`,
        HOME: join(this.folder, 'home'),
        ...environment,
      },
    });
    return status === 0;
  }

  /** The calls of a program, in order. */
  calls(name: string): readonly string[] {
    const file = join(this.folder, 'calls');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
    return lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  }

  file(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

const GITHUB: Readonly<Record<string, string>> = {
  'vars.HXLLM_PACKAGE': 'hxllm@0.1.0',
  'secrets.HXLLM_VAULT_PASSWORD': 'the password',
  'secrets.HXLLM_SSH_KEY': 'the key',
  'secrets.HXLLM_KNOWN_HOSTS': 'the hosts',
  'github.token': 'ghs-x',
  'github.event.pull_request.number': '9',
};

/** Runs the steps of a job as GitHub does: after a failure only those that say so. */
function github(runner: Runner, name: 'plan' | 'apply'): boolean {
  const { jobs } = parse(read('github-actions.yml')) as Workflow;
  let passed = true;
  for (const { run, if: condition, env } of jobs[name].steps) {
    if (run === undefined || (!passed && condition !== '${{ !cancelled() }}')) continue;
    const value = (text: string): string =>
      text.replaceAll(/\$\{\{ (\S+) \}\}/g, (_, key: string) => GITHUB[key] ?? assert.fail(`no ${key}`));
    const own = Object.entries(env ?? {}).map(([key, text]) => [key, value(text)] as const);
    const fixed = {
      HXLLM_PACKAGE: 'hxllm@0.1.0',
      GITHUB_REPOSITORY: 'o/r',
      GITHUB_SHA: 'abc',
      RUNNER_TEMP: runner.folder,
    };
    if (!runner.bash(run, { ...fixed, ...Object.fromEntries(own) }, '-eo')) passed = false;
  }
  return passed;
}

/** Runs a job as GitLab does: one shell for before_script and script, another one for after_script. */
function gitlab(runner: Runner, name: 'hxllm-plan' | 'hxllm-apply'): boolean {
  const jobs = parse(read('gitlab-ci.yml')) as Readonly<Record<string, GitlabJob>>;
  const environment = {
    HXLLM_PACKAGE: 'hxllm@0.1.0',
    HXLLM_GITLAB_TOKEN: 'glpat-x',
    HXLLM_VAULT_PASSWORD_FILE: join(runner.folder, 'password'),
    HXLLM_SSH_KEY_FILE: join(runner.folder, 'key'),
    HXLLM_KNOWN_HOSTS_FILE: join(runner.folder, 'hosts'),
    CI_API_V4_URL: 'https://gitlab/api/v4',
    CI_PROJECT_ID: '5',
    CI_MERGE_REQUEST_IID: '12',
    CI_COMMIT_SHA: 'abc',
  };
  const { script = [], after_script: after = [] } = jobs[name] ?? {};
  const before = jobs['.hxllm']?.before_script ?? [];
  const passed = runner.bash([...before, ...script].join('\n'), environment, '-eo');
  runner.bash(after.join('\n'), environment, '-eo');
  return passed;
}

const SERVERS = [
  ['GitHub', (runner: Runner, job: 'plan' | 'apply') => github(runner, job), 'gh', /pr comment/, 'vault-password'],
  ['GitLab', (runner: Runner, job: 'plan' | 'apply') => gitlab(runner, `hxllm-${job}`), 'curl', /\/notes$/, 'password'],
] as const;

for (const [server, run, program, comment, passwordFile] of SERVERS) {
  test(`${server}: a review gets preflight, and the plan as a comment that shows it as it is`, () => {
    using runner = new Runner();
    assert.ok(run(runner, 'plan'));
    const password = join(runner.folder, passwordFile);
    assert.deepEqual(runner.calls('hxllm'), [
      `preflight --ci --vault-password-file ${password}`,
      `enforce --dry-run --ci --out plan.json --vault-password-file ${password}`,
    ]);
    assert.deepEqual(runner.calls('npm'), ['install --global --ignore-scripts hxllm@0.1.0']);
    assert.equal(runner.calls(program).filter((call) => comment.test(call)).length, 1);
    assert.equal(
      runner.file('work/comment.md'),
      '### hxllm: the plan of abc\n\n    ~ config.yaml\n    ```\n    <img src=x>\n',
    );
    for (const [file, text] of [
      ['home/.ssh/id_ed25519', 'the key\n'],
      ['home/.ssh/known_hosts', 'the hosts\n'],
    ] as const) {
      assert.equal(runner.file(file), text);
      assert.equal(statSync(join(runner.folder, file)).mode & 0o77, 0);
    }
  });

  test(`${server}: a preflight that fails ends the job before the dry run, and the comment says so`, () => {
    using runner = new Runner();
    runner.plant('fails-preflight');
    assert.equal(run(runner, 'plan'), false);
    assert.equal(runner.calls('hxllm').length, 1);
    assert.match(runner.file('work/comment.md'), /no plan: preflight or the dry run failed/);
    assert.equal(runner.calls(program).filter((call) => comment.test(call)).length, 1);
  });

  test(`${server}: a merge applies the plan of its review, then tests the gateway`, () => {
    using runner = new Runner();
    assert.ok(run(runner, 'apply'));
    const password = join(runner.folder, passwordFile);
    assert.deepEqual(runner.calls('hxllm'), [
      `enforce --ci --yes --plan plan.json --vault-password-file ${password}`,
      `smoke --ci --vault-password-file ${password}`,
    ]);
  });

  test(`${server}: without a review nothing is applied, and after an enforce that failed nothing is tested`, () => {
    using unreviewed = new Runner();
    unreviewed.plant('unreviewed');
    assert.equal(run(unreviewed, 'apply'), false);
    assert.deepEqual(unreviewed.calls('hxllm'), []);
    using failing = new Runner();
    failing.plant('fails-enforce');
    assert.equal(run(failing, 'apply'), false);
    assert.equal(failing.calls('hxllm').length, 1);
  });
}

test('no text of the outside is part of a script, and every command line of hxllm is one that it takes', async () => {
  const { jobs } = parse(read('github-actions.yml')) as Workflow;
  for (const { run } of Object.values(jobs).flatMap(({ steps }) => steps))
    assert.ok(run?.includes('${{') !== true, run);
  const grammar = grammarOf(
    await createProgram(
      '0',
      () => Promise.resolve(),
      () => Promise.resolve(),
    ),
  );
  const lines = [
    ...`${read('github-actions.yml')}${read('gitlab-ci.yml')}`.matchAll(/(?:run: |- )hxllm (\w+) ([^\n>]*)/g),
  ];
  assert.equal(lines.length, 8);
  for (const [line, command, words = ''] of lines) {
    const known = grammar.find(({ path }) => path === command);
    for (const [flag] of words.matchAll(/--[a-z-]+/g)) assert.ok(known?.flags.includes(flag), `${flag} in ${line}`);
  }
});
