import type { Where } from '../../core/problem.ts';
import { variablesOf, type Definition, type Value, type Variables } from '../value.ts';
import { readPriority } from './priority.ts';

/** The group that hxllm deploys to. */
export const GROUP = 'litellm';

/** The group of the hosts that run Ollama, if the inventory has them. */
export const SERVERS_GROUP = 'ollama';

/** A group of the inventory. */
export interface Group {
  readonly name: string;
  readonly variables: Variables;
  /** Every line that sets a variable of the group, in the order of reading. Later ones override earlier ones. */
  readonly definitions: readonly Definition[];
  /** `ansible_group_priority`: among groups of one depth, the higher one overrides. */
  readonly priority: number;
  /** Names of its child groups. */
  readonly children: readonly string[];
  /** Names of its own hosts. */
  readonly hosts: readonly string[];
  /** The absolute path of the first file that names the group. */
  readonly source: string | undefined;
}

/** A host with the variables of its own lines. */
export interface InventoryHost {
  readonly name: string;
  readonly variables: Variables;
  /** Every place on its own lines that sets a variable, in the order of reading. */
  readonly definitions: readonly Definition[];
  /** The line of its first mention. */
  readonly where: Where;
  /** The absolute path of the file of its first mention, or the host list as typed. */
  readonly source: string;
}

/** The content of all inventory sources. It always has `all` and `ungrouped`, and every group descends from `all`. */
export interface Inventory {
  readonly groups: ReadonlyMap<string, Group>;
  /** In the order of their first mention. */
  readonly hosts: ReadonlyMap<string, InventoryHost>;
}

interface OpenGroup {
  readonly name: string;
  readonly definitions: Definition[];
  readonly children: Set<string>;
  readonly hosts: Set<string>;
  readonly source: string | undefined;
  priority: number;
}

interface OpenHost {
  readonly name: string;
  readonly definitions: Definition[];
  readonly where: Where;
  readonly source: string;
}

/** Builds an inventory from the lines of one source after the other, for any format. */
export class InventoryBuilder {
  readonly #groups = new Map<string, OpenGroup>();
  readonly #hosts = new Map<string, OpenHost>();

  constructor() {
    this.addGroup('all');
    this.addGroup('ungrouped');
    this.addChild('all', 'ungrouped');
  }

  /** A copy to read a file into, so that nothing stays of a file that is refused. */
  copy(): InventoryBuilder {
    const copy = new InventoryBuilder();
    copy.#groups.clear();
    for (const [name, group] of this.#groups)
      copy.#groups.set(name, {
        ...group,
        definitions: [...group.definitions],
        children: new Set(group.children),
        hosts: new Set(group.hosts),
      });
    for (const [name, host] of this.#hosts) copy.#hosts.set(name, { ...host, definitions: [...host.definitions] });
    return copy;
  }

  addGroup(name: string, source?: string): void {
    if (!this.#groups.has(name))
      this.#groups.set(name, { name, definitions: [], children: new Set(), hosts: new Set(), source, priority: 1 });
  }

  hasGroup(name: string): boolean {
    return this.#groups.has(name);
  }

  hasHost(name: string): boolean {
    return this.#hosts.has(name);
  }

  /** `ansible_group_priority` orders the groups and is not a variable. */
  setGroupVariable(group: string, name: string, value: Value): void {
    const open = this.#groups.get(group);
    if (open === undefined) return;
    if (name === 'ansible_group_priority') open.priority = readPriority(value) ?? open.priority;
    else open.definitions.push({ name, value });
  }

  /** Returns false if the child would contain itself. `all` contains every group. */
  addChild(parent: string, child: string): boolean {
    if (parent === child || child === 'all' || this.#isBelow(parent, child)) return false;
    this.#groups.get(parent)?.children.add(child);
    return true;
  }

  addHost(group: string, name: string, place: Pick<InventoryHost, 'where' | 'source'>, port: Value | undefined): void {
    if (!this.#hosts.has(name))
      this.#hosts.set(name, {
        name,
        where: place.where,
        source: place.source,
        definitions: port === undefined ? [] : [{ name: 'ansible_port', value: port }],
      });
    this.#groups.get(group)?.hosts.add(name);
  }

  /** If a group has the name already, the variable is the group's, as in Ansible. */
  setHostVariable(host: string, name: string, value: Value): void {
    if (this.#groups.has(host)) this.setGroupVariable(host, name, value);
    else this.#hosts.get(host)?.definitions.push({ name, value });
  }

  /** Makes groups without a parent children of `all`, and moves hosts into and out of `ungrouped`, as Ansible's `reconcile_inventory`. */
  build(): Inventory {
    const below = new Set([...this.#groups.values()].flatMap((group) => [...group.children]));
    const all = this.#groups.get('all');
    for (const name of this.#groups.keys()) if (name !== 'all' && !below.has(name)) all?.children.add(name);
    const ungrouped = this.#groups.get('ungrouped');
    for (const name of this.#hosts.keys()) {
      const groups = this.#groupsOf(name);
      if (groups.size > (groups.has('ungrouped') ? 2 : 1)) ungrouped?.hosts.delete(name);
      else if (!groups.has('ungrouped') && this.#groups.has(name)) this.addChild('ungrouped', name);
      else ungrouped?.hosts.add(name);
    }
    const groups = [...this.#groups.values()].map((group): [string, Group] => [
      group.name,
      {
        ...group,
        variables: variablesOf(group.definitions),
        children: [...group.children],
        hosts: [...group.hosts],
      },
    ]);
    const hosts = [...this.#hosts.values()].map((host): [string, InventoryHost] => [
      host.name,
      { ...host, variables: variablesOf(host.definitions) },
    ]);
    return { groups: new Map(groups), hosts: new Map(hosts) };
  }

  /** Names of the groups of a host and of their ancestors, `all` included. */
  #groupsOf(host: string): ReadonlySet<string> {
    const found = new Set(['all']);
    for (const group of this.#groups.values()) if (group.hosts.has(host)) found.add(group.name);
    // A set is walked in the order of its additions, those made meanwhile too.
    for (const name of found)
      for (const group of this.#groups.values()) if (group.children.has(name)) found.add(group.name);
    return found;
  }

  #isBelow(name: string, top: string, visited = new Set<string>()): boolean {
    if (visited.has(top)) return false;
    visited.add(top);
    const children = this.#groups.get(top)?.children ?? new Set<string>();
    return children.has(name) || [...children].some((child) => this.#isBelow(name, child, visited));
  }
}
