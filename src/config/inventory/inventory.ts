import type { Where } from '../../core/problem.ts';
import type { Value, Variables } from '../value.ts';

/** The group that hxllm deploys to. */
export const GROUP = 'litellm';

/** A group of the inventory file. */
export interface Group {
  readonly name: string;
  readonly variables: Variables;
  /** Names of its child groups. */
  readonly children: readonly string[];
  /** Names of its own hosts. */
  readonly hosts: readonly string[];
}

/** A host with the variables of its own lines. */
export interface InventoryHost {
  readonly name: string;
  readonly variables: Variables;
  /** The line of its first mention. */
  readonly where: Where;
}

/** The content of an inventory file. It always has `all` and `ungrouped`, and every group descends from `all`. */
export interface Inventory {
  readonly groups: ReadonlyMap<string, Group>;
  /** In the order of their first mention. */
  readonly hosts: ReadonlyMap<string, InventoryHost>;
}

interface OpenGroup {
  readonly name: string;
  readonly variables: Map<string, Value>;
  readonly children: Set<string>;
  readonly hosts: Set<string>;
}

/** Builds an inventory from its lines in order, for any format. */
export class InventoryBuilder {
  readonly #groups = new Map<string, OpenGroup>();
  readonly #hosts = new Map<
    string,
    { readonly name: string; readonly variables: Map<string, Value>; readonly where: Where }
  >();

  constructor() {
    this.addGroup('all');
    this.addGroup('ungrouped');
    this.addChild('all', 'ungrouped');
  }

  addGroup(name: string): void {
    if (!this.#groups.has(name))
      this.#groups.set(name, { name, variables: new Map(), children: new Set(), hosts: new Set() });
  }

  hasGroup(name: string): boolean {
    return this.#groups.has(name);
  }

  setGroupVariable(group: string, name: string, value: Value): void {
    this.#groups.get(group)?.variables.set(name, value);
  }

  /** Returns false if the child would contain itself. */
  addChild(parent: string, child: string): boolean {
    if (parent === child || this.#isBelow(parent, child)) return false;
    this.#groups.get(parent)?.children.add(child);
    return true;
  }

  addHost(group: string, name: string, where: Where, port: Value | undefined): void {
    if (!this.#hosts.has(name)) {
      this.#hosts.set(name, { name, where, variables: new Map(port === undefined ? [] : [['ansible_port', port]]) });
    }
    this.#groups.get(group)?.hosts.add(name);
  }

  /** If a group has the name already, the variable is the group's, as in Ansible. */
  setHostVariable(host: string, name: string, value: Value): void {
    (this.#groups.get(host) ?? this.#hosts.get(host))?.variables.set(name, value);
  }

  /** Makes groups without a parent children of `all`, and adds hosts without another group to `ungrouped`. */
  build(): Inventory {
    const below = new Set([...this.#groups.values()].flatMap((group) => [...group.children]));
    const all = this.#groups.get('all');
    for (const name of this.#groups.keys()) if (name !== 'all' && !below.has(name)) all?.children.add(name);
    const grouped = new Set(
      [...this.#groups.values()].flatMap((group) =>
        group.name === 'all' || group.name === 'ungrouped' ? [] : [...group.hosts],
      ),
    );
    const ungrouped = this.#groups.get('ungrouped');
    for (const name of this.#hosts.keys()) {
      if (grouped.has(name)) ungrouped?.hosts.delete(name);
      else ungrouped?.hosts.add(name);
    }
    const groups = [...this.#groups.values()].map((group): [string, Group] => [
      group.name,
      { ...group, children: [...group.children], hosts: [...group.hosts] },
    ]);
    return { groups: new Map(groups), hosts: this.#hosts };
  }

  #isBelow(name: string, top: string, visited = new Set<string>()): boolean {
    if (visited.has(top)) return false;
    visited.add(top);
    const children = this.#groups.get(top)?.children ?? new Set<string>();
    return children.has(name) || [...children].some((child) => this.#isBelow(name, child, visited));
  }
}
