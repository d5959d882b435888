import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Command } from 'commander';
import { findPage } from '../../src/cli/docs/pages.ts';
import { createProgram } from '../../src/cli/program.ts';
import { USAGE as GATEWAY_USAGE } from '../../src/gateway/process/flags.ts';
import { namesIn, unknownNames } from '../../src/phases/preflight/selection.ts';
import { commandsOf, markdownFiles } from './markdown.ts';

const ROOT = join(import.meta.dirname, '../..');
const SCRIPTS = (
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly scripts: Readonly<Record<string, string>> }
).scripts;
const program = await createProgram(
  '0.0.0',
  () => Promise.resolve(),
  () => Promise.resolve(),
);

/** Programs that read their arguments themselves, with the text that names their options. */
const USAGES: ReadonlyMap<string, string> = new Map([
  ['gateway', GATEWAY_USAGE],
  ['sim', readFileSync(join(ROOT, 'src/sim/flags.ts'), 'utf8')],
]);

/** Options of npm itself, before `--`. */
const NPM_OPTIONS = new Set(['-s']);

/** A word in capitals, or one with a sign of what is left out, stands for something else. */
function isPlaceholder(word: string): boolean {
  return /^[A-Z_]+$|…|^</.test(word);
}

/** Why a command line of hxllm would be refused; `undefined` where it would not. */
function whyNoCommand([name, ...words]: readonly string[]): string | undefined {
  if (name === undefined || isPlaceholder(name)) return undefined;
  if (name.startsWith('-')) return knows(program, name) ? undefined : `no option ${name}`;
  const outer = program.commands.find((each) => each.name() === name);
  if (outer === undefined) return name === 'help' ? undefined : `no command ${name}`;
  const inner = outer.commands.find((each) => each.name() === words[0]);
  if (inner === undefined && outer.commands.length > 0 && words[0] !== undefined && !/^-|[|<]/.test(words[0]))
    return `${name} has no command ${words[0]}`;
  const command = inner ?? outer;
  const page = words[0];
  if (name === 'docs' && page !== undefined && !isPlaceholder(page) && !page.startsWith('-'))
    return findPage(page) === undefined ? `no page ${page}` : undefined;
  const bad = words.filter((word) => word.startsWith('-')).find((word) => !knows(command, word));
  return bad === undefined ? undefined : `${name} has no option ${bad}`;
}

function knows(command: Command, option: string): boolean {
  const usage = USAGES.get(command.name());
  if (usage !== undefined) return mentions(usage, option);
  return (
    ['-h', '--help'].includes(option) ||
    command.options.some(
      ({ long, short }) => option === long || option === short || option.startsWith(`${long ?? ''}=`),
    )
  );
}

function mentions(usage: string, option: string): boolean {
  // A usage text says `--port N`; the options of `parseArgs` say `port: {`.
  const name = option.replace(/^--/, '');
  return new RegExp(`(?<![\\w-])${option}(?![\\w-])|'?${name}'?: \\{`).test(usage) || option === '--help';
}

/** Why `npm run NAME …` would not work. */
function whyNoScript(words: readonly string[]): string | undefined {
  const [name, ...rest] = words.filter((word) => !NPM_OPTIONS.has(word));
  if (name === undefined || isPlaceholder(name)) return undefined;
  const script = SCRIPTS[name];
  if (script === undefined) return `no script ${name}`;
  const argv = rest[0] === '--' ? rest.slice(1) : rest;
  if (rest.length > 0 && rest[0] !== '--' && rest.some((word) => word.startsWith('-'))) return '-- is missing';
  if (name === 'demo') return whyNoCommand(['demo', ...argv]);
  const main = /^node (\S+\.ts)$/.exec(script)?.[1];
  const source = main === undefined ? '' : sourceBeside(join(ROOT, main));
  const ours = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const bad = ours.find((word, index) =>
    word.startsWith('--') ? !mentions(source, word) : index === 0 && name !== 'test' && !mentions(source, word),
  );
  return bad === undefined ? undefined : `npm run ${name} knows nothing of ${bad}`;
}

function sourceBeside(main: string): string {
  const folder = dirname(main);
  return globSync('*.ts', { cwd: folder })
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
}

/** Each command line in a text that would not work, with the reason. */
function badCommands(path: string, markdown: string): readonly string[] {
  return commandsOf(markdown).flatMap(({ line, text }) =>
    text
      .replace(/(?:^|\s)#.*$/, '')
      .split(/&&|\||;|>|&/)
      .flatMap((segment) => {
        const words = segment.trim().split(/\s+/);
        const start = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
        const [first, second, ...rest] = words.slice(start);
        const why =
          first === 'hxllm'
            ? whyNoCommand(words.slice(start + 1))
            : first === 'npx' && second === 'hxllm'
              ? whyNoCommand(rest)
              : first === 'node' && second === 'bin/hxllm.js'
                ? whyNoCommand(rest)
                : first === 'npm' && second === 'run'
                  ? whyNoScript(rest)
                  : undefined;
        return why === undefined ? [] : [`${path}:${String(line)}: ${words.join(' ')}: ${why}`];
      }),
  );
}

test('every hxllm and npm run command line of the Markdown files would be taken', () => {
  assert.deepEqual(
    [...markdownFiles()].flatMap(([path, markdown]) => badCommands(path, markdown)),
    [],
  );
});

test('every check that a Markdown file names with --only or --explain is one of preflight', () => {
  const named = [...markdownFiles()].flatMap(([path, markdown]) =>
    commandsOf(markdown).flatMap(({ line, text }) =>
      [...text.matchAll(/hxllm preflight .*--(?:only|explain) ([a-z][\w.,-]*)/g)].flatMap(([, names = '']) =>
        unknownNames(namesIn(names)).map(({ name }) => `${path}:${String(line)}: ${name}`),
      ),
    ),
  );
  assert.deepEqual(named, []);
});

test('the command lines of README are seen', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const seen = new Set(commandsOf(readme).map(({ text }) => text));
  for (const line of ['npm ci && npm run demo', 'hxllm uninstall', 'hxllm docs PAGE']) assert.ok(seen.has(line), line);
});

test('planted command lines with a wrong command, option, page or script are found', () => {
  const planted = [
    '```bash',
    'hxllm prefligt            # a slip',
    'npm run -s pack && hxllm smoke \\',
    '  --limt h',
    '```',
    'Or `hxllm docs instal`, `npm run demos`, `npm run lab -- upp`, `hxllm gateway --chek`, `hxllm demo --port N`, `hxllm COMMAND --help`.',
  ].join('\n');
  assert.deepEqual(
    badCommands('x.md', planted).map((line) => line.replace(/^x\.md:\d+: /, '')),
    [
      'hxllm prefligt: no command prefligt',
      'hxllm smoke --limt h: smoke has no option --limt',
      'hxllm docs instal: no page instal',
      'npm run demos: no script demos',
      'npm run lab -- upp: npm run lab knows nothing of upp',
      'hxllm gateway --chek: gateway has no option --chek',
    ],
  );
});
