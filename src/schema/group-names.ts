import { isObject } from '../core/json.ts';
import type { Deployment, ModelGroup } from './config-types.ts';
import { showValue, type DocumentPath } from './issue.ts';
import type { ModelList } from './model-list.ts';
import type { IssueList } from './section.ts';
import { EVERY_NAME, type WrittenFallbacks } from './written-fallbacks.ts';
import { groupFor, isWildcard, wildcardOf } from './wildcard.ts';

const ALIAS_SKIPPED = 'this alias is skipped';
/** Most names that a message lists. */
const MOST_SHOWN = 20;

/**
 * Every name of a document: groups, aliases, names that wildcards serve, and names whose entries are left out. The last have the
 * deployments of their first fallback that is here.
 */
export class GroupNames {
  readonly #models: ModelList;
  readonly #groups: Map<string, ModelGroup>;
  readonly #targets: ReadonlyMap<string, string>;
  readonly #written: WrittenFallbacks;
  readonly #hidden: Set<string>;
  readonly #made: ModelGroup[] = [];
  /** The deployments of entries by `litellm_params.model`, once one was asked for. */
  #byModel: ReadonlyMap<unknown, readonly Deployment[]> | undefined;

  /** `given` is `model_group_alias`; `written` are the fallbacks. */
  constructor(
    models: ModelList,
    given: Readonly<Record<string, unknown>> | undefined,
    written: WrittenFallbacks,
    findings: IssueList,
  ) {
    this.#models = models;
    this.#groups = new Map(models.groups.map((group) => [group.name, group]));
    this.#written = written;
    this.#hidden = new Set();
    this.#targets = this.#readAliases(given, findings);
    for (const name of models.leftOut) this.#standInFor(name, new Set());
    for (const { pattern, fixed } of models.wildcards) {
      const [first, ...rest] = fixed;
      // The deployments of a pattern are known to routing under its own name.
      if (first !== undefined) this.#make({ name: pattern, deployments: [first, ...rest] }, true);
    }
  }

  /** Groups that the entries do not make themselves. */
  get made(): readonly ModelGroup[] {
    return this.#made;
  }

  /** Names that are served and not listed. */
  get hidden(): ReadonlySet<string> {
    return this.#hidden;
  }

  isLeftOut(name: string): boolean {
    return this.#models.leftOut.has(name);
  }

  /** Whether a name is the pattern of an entry. */
  isPattern(name: string): boolean {
    return this.#models.wildcards.some(({ pattern }) => pattern === name);
  }

  /** The group of a name. */
  groupOf(name: string): string | undefined {
    const target = this.#groups.has(name) ? name : (this.#targets.get(name) ?? name);
    // A pattern stands for many names: it is none itself.
    if (this.#groups.has(target) || isWildcard(target)) return this.#groups.get(target)?.name;
    const own = this.#groupOfEntries(target);
    if (own !== undefined) return own.name;
    const found = wildcardOf(target, this.#models.wildcards);
    const group = found === undefined ? undefined : groupFor(target, found);
    if (group !== undefined) this.#make(group, true);
    return group?.name;
  }

  /** The aliases that have a group. The others are skipped, with a warning. */
  aliases(findings: IssueList): ReadonlyMap<string, string> {
    const aliases = new Map<string, string>();
    for (const [alias, target] of this.#targets) {
      const group = this.groupOf(target);
      if (group !== undefined) aliases.set(alias, group);
      else this.report(target, ['router_settings', 'model_group_alias', alias], ALIAS_SKIPPED, findings);
    }
    return aliases;
  }

  /** Adds a warning: nothing serves the name. */
  report(name: string, path: DocumentPath, effect: string, findings: IssueList): void {
    const known: string[] = [];
    for (const group of this.#groups.keys()) {
      if (known.length > MOST_SHOWN) break;
      if (!isWildcard(group)) known.push(group);
    }
    if (known.length > MOST_SHOWN) known[MOST_SHOWN] = '…';
    findings.warning(
      'config.wrong-value',
      path,
      `expected ${known.length === 0 ? 'a model_name that is served' : `one of the model_name values (${known.join(', ')})`}, found ${showValue(name, path)}${this.isLeftOut(name) ? ', an entry that is left out' : ''}; ${effect}`,
      `remove ${JSON.stringify(name)}, or add an entry with this model_name`,
    );
  }

  /** The group of the entries whose `litellm_params.model` is the name: LiteLLM takes it for a model as well. */
  #groupOfEntries(name: string): ModelGroup | undefined {
    this.#byModel ??= Map.groupBy(
      this.#models.groups.flatMap(({ deployments }) => deployments),
      ({ listed }) => listed.params['model'],
    );
    const [first, ...rest] = (this.#byModel.get(name) ?? []).map((deployment, index) => ({
      ...deployment,
      id: `${name}@${deployment.url}#${String(index)}`,
    }));
    if (first === undefined) return undefined;
    const group: ModelGroup = { name, deployments: [first, ...rest] };
    this.#make(group, true);
    return group;
  }

  #make(group: ModelGroup, isHidden: boolean): void {
    this.#groups.set(group.name, group);
    this.#made.push(group);
    if (isHidden) this.#hidden.add(group.name);
  }

  #readAliases(given: Readonly<Record<string, unknown>> | undefined, findings: IssueList): ReadonlyMap<string, string> {
    const targets = new Map<string, string>();
    for (const [alias, value] of Object.entries(given ?? {})) {
      // LiteLLM also accepts {model: NAME, hidden: true}.
      const target = isObject(value) ? value['model'] : value;
      if (typeof target === 'string') targets.set(alias, target);
      else
        findings.tolerate(ALIAS_SKIPPED, (part) => {
          part.wrong(['router_settings', 'model_group_alias', alias], 'the model_name that it stands for', target);
        });
      if (isObject(value) && value['hidden'] === true) this.#hidden.add(alias);
    }
    return targets;
  }

  /** Gives a name without deployments those of its first fallback that has some. */
  #standInFor(name: string, asked: Set<string>): ModelGroup | undefined {
    const known = this.#groups.get(name);
    if (known !== undefined || asked.has(name)) return known;
    asked.add(name);
    for (const other of this.#written.get(name) ?? this.#written.get(EVERY_NAME) ?? []) {
      const target = this.#targets.get(other.name) ?? other.name;
      const group = this.isLeftOut(target)
        ? this.#standInFor(target, asked)
        : this.#groups.get(this.groupOf(target) ?? '');
      if (group === undefined) continue;
      const [first, ...rest] = group.deployments.map((deployment) => ({
        ...deployment,
        id: `${name}@${deployment.url}#${deployment.model}`,
      }));
      if (first === undefined) continue;
      const made: ModelGroup = {
        name,
        deployments: [first, ...rest],
        isFallback: true,
        source: group.source ?? group.name,
      };
      this.#make(made, false);
      return made;
    }
    return undefined;
  }
}
