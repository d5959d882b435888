import { Findings } from '../../config/findings.ts';
import { graphLines, listingOf, treeOf } from '../../config/inventory/listing.ts';
import { hostsOf } from '../../config/inventory/membership.ts';
import { selectHosts } from '../../config/inventory/limit.ts';
import { openInventory, type OpenedInventory } from '../../config/load.ts';
import { shownPath } from '../../config/shown-path.ts';
import { explainVariables } from '../../config/variables/explain.ts';
import { scopesOf } from '../../config/variables/all-hosts.ts';
import { layersOf } from '../../config/variables/layers.ts';
import { VARIABLES } from '../../config/variables/variables.ts';
import { pluralize } from '../../core/pluralize.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { nearestName } from '../../core/spelling.ts';
import { EXIT, exitCodeOfProblems } from '../exit-code.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { fileRequest, vaultQuestions, type FileOptions } from '../vault/request.ts';
import { explanationDocument, explanationLines, type Explanation } from '../views/explanation.ts';
import { createPaint } from '../views/paint.ts';
import { reportProblems } from '../views/problems.ts';
import { readLines } from './limit-file.ts';

/** The options of `inventory list`, `graph` and `explain`. */
export interface InventoryViewOptions extends FileOptions {
  readonly json?: boolean;
}

/** Prints the groups, hosts and raw variables in the form of `ansible-inventory --list`. Returns the exit code. */
export function showList(terminal: Terminal, options: InventoryViewOptions): Promise<number> {
  return withInventory(terminal, options, async (opened, findings) => {
    const { inventory, folders } = opened;
    const all = hostsOf(inventory, 'all');
    const limited =
      options.limit === undefined
        ? ok(all)
        : await selectHosts(options.limit, inventory, findings, readLines(terminal.cwd));
    if (!limited.ok) return limited;
    const scopes = await scopesOf(limited.value, inventory, folders);
    if (!scopes.ok) return scopes;
    const variables = new Map([...scopes.value].map(([name, scope]) => [name, scope.variables]));
    noteHidden(
      terminal,
      [...scopes.value.values()].flatMap(({ lockedFiles }) => lockedFiles),
    );
    return ok(JSON.stringify(listingOf(inventory, variables, { reveal: false }), undefined, 4));
  });
}

/** Prints the tree of groups and hosts as `ansible-inventory --graph`. Returns the exit code. */
export function showGraph(terminal: Terminal, top: string, options: InventoryViewOptions): Promise<number> {
  return withInventory(terminal, options, ({ inventory }) => {
    if (!inventory.groups.has(top)) {
      const meant = nearestName(top, [...inventory.groups.keys()]);
      return Promise.resolve(
        fail({
          code: 'usage.group',
          summary: `there is no group ${top}`,
          detail: `Expected one of the groups ${[...inventory.groups.keys()].join(', ')}, found ${top}${inventory.hosts.has(top) ? ', which is a host' : ''}.`,
          fix: `hxllm inventory graph ${meant ?? 'all'}`,
        }),
      );
    }
    const tree = treeOf(inventory, top);
    return Promise.resolve(
      ok(
        options.json === true
          ? JSON.stringify({ schemaVersion: 1, ...tree }, undefined, 2)
          : graphLines(tree).join('\n'),
      ),
    );
  });
}

/** Prints each definition of a host's variables with its place, the one that counts first, and the reasons. Returns the exit code. */
export function showExplanation(
  terminal: Terminal,
  host: string,
  variable: string | undefined,
  options: InventoryViewOptions,
): Promise<number> {
  return withInventory(terminal, options, async (opened) => {
    const explanation = await explain(opened, host, variable, terminal.cwd);
    if (!explanation.ok) return explanation;
    const { stdout, environment } = terminal;
    return ok(
      options.json === true
        ? JSON.stringify(explanationDocument(explanation.value), undefined, 2)
        : explanationLines(explanation.value, createPaint(environment, stdout.isTty)).join('\n'),
    );
  });
}

async function explain(
  { inventory, folders }: OpenedInventory,
  host: string,
  variable: string | undefined,
  cwd: string,
): Promise<Result<Explanation>> {
  if (!inventory.hosts.has(host)) return fail(noHost(host, inventory));
  const layers = await layersOf(host, inventory, folders);
  if (!layers.ok) return layers;
  const all = explainVariables(layers.value, (folder) =>
    folder === cwd ? 'the current folder' : shownPath(folder, cwd),
  );
  const variables = variable === undefined ? all : all.filter(({ name }) => name === variable);
  const known = Object.entries(VARIABLES).find(([name]) => name === variable)?.[1];
  const names = [...all.map(({ name }) => name), ...Object.keys(VARIABLES)];
  return ok({
    host,
    variable,
    variables,
    lockedFiles: [...new Set(layers.value.flatMap(({ lockedFiles }) => lockedFiles))],
    hiddenFiles: [
      ...new Map(layers.value.flatMap(({ hiddenFiles }) => hiddenFiles).map((one) => [one.file, one])).values(),
    ],
    defaultValue: known !== undefined && 'default' in known ? known.default : undefined,
    meant: variable === undefined || known !== undefined ? undefined : nearestName(variable, names),
  });
}

function noHost(host: string, { hosts, groups }: OpenedInventory['inventory']): Problem {
  const names = [...hosts.keys()];
  const meant = nearestName(host, names);
  return {
    code: 'usage.host',
    summary: `there is no host ${host}`,
    detail: `Expected a host of the inventory (${names.slice(0, 8).join(', ')}${names.length > 8 ? ' …' : ''}), found ${host}${groups.has(host) ? ', which is a group' : ''}.`,
    fix: `hxllm inventory explain ${meant ?? names[0] ?? 'HOST'}`,
  };
}

function noteHidden({ stderr }: Terminal, lockedFiles: readonly string[]): void {
  const files = [...new Set(lockedFiles)];
  if (files.length > 0)
    stderr.write(
      `${pluralize(files.length, 'encrypted file')} left out, since no vault password was given: ${files.join(', ')}\n`,
    );
}

/** Reads the inventory, writes its warnings to stderr and the text of the work to stdout. */
async function withInventory(
  terminal: Terminal,
  options: InventoryViewOptions,
  work: (opened: OpenedInventory, findings: Findings) => Promise<Result<string>>,
): Promise<number> {
  const findings = new Findings();
  const questions = vaultQuestions(terminal, new AbortController().signal);
  const opened = await openInventory(fileRequest(terminal, options, questions), findings);
  const done = opened.ok ? await work(opened.value, findings) : opened;
  reportProblems(terminal, findings.warnings, 'warning');
  const problems = done.ok ? findings.errors : done.problems;
  reportProblems(terminal, problems);
  if (!done.ok || problems.length > 0) return exitCodeOfProblems(problems);
  terminal.stdout.write(`${done.value}\n`);
  return EXIT.ok;
}
