import { sha256 } from '../../../src/core/hash.ts';
import type { Action } from '../../../src/plan/plan.ts';
import type { HostPaths } from '../../../src/render/desired.ts';
import { FakeHost, type Node, type Running } from './fake-host.ts';

/** An instance of the gateway that runs. */
export interface FakeInstance {
  readonly state: 'serving' | 'standby' | 'draining';
  readonly running: Running;
}

const UNITS: ReadonlySet<string> = new Set(['litellm.socket', 'litellm.service']);
/** Folders of every system. */
const SYSTEM = ['/etc', '/etc/systemd', '/etc/systemd/system', '/opt', '/var', '/var/lib', '/var/log', '/run', '/usr'];

/** A host with systemd as data. Files belong to those who should own them; users and groups are there or not. */
export class SystemdHost extends FakeHost {
  readonly paths: HostPaths;
  user = false;
  group = false;
  /** Whether both units are enabled, and whether they run. */
  enabled = false;
  active = false;
  /** The unit files and the link of the instance in use as systemd has read them. */
  read = '';
  instances = new Map<number, FakeInstance>();

  constructor(paths: HostPaths, nodes?: ReadonlyMap<string, Node>) {
    super(nodes ?? new Map(SYSTEM.map((path) => [path, { kind: 'folder', mode: 0o755 }])));
    this.paths = paths;
  }

  override clone(): SystemdHost {
    const copy = new SystemdHost(this.paths, this.nodes);
    const { user, group, enabled, active, read } = this;
    return Object.assign(copy, { user, group, enabled, active, read, instances: new Map(this.instances) });
  }

  /** The number of the instance that a restart starts. */
  inUse(): number | undefined {
    const [link] = this.names(this.paths.instanceLinks);
    return link === undefined ? undefined : Number(/^litellm@(\d+)\.service$/.exec(link)?.[1]);
  }

  serving(): FakeInstance | undefined {
    return [...this.instances.values()].find(({ state }) => state === 'serving');
  }

  /** The files that systemd reads, as they are. */
  written(): string {
    const { serviceUnit, socketUnit, instanceUnit, failedUnit, dropInGenerator } = this.paths;
    const texts = [serviceUnit, socketUnit, instanceUnit, failedUnit, dropInGenerator].map((path) => this.text(path));
    return JSON.stringify([...texts, this.inUse()]);
  }

  /** The power goes, and comes back. */
  reboot(): void {
    this.instances.clear();
    this.active = false;
    this.read = this.written();
    if (this.enabled && this.hasUnits()) this.startUnits();
  }

  /** Whether both units have their files. */
  hasUnits(): boolean {
    return [this.paths.serviceUnit, this.paths.socketUnit, this.paths.instanceUnit].every(
      (path) => this.text(path) !== undefined,
    );
  }

  override other(action: Action): void {
    switch (action.kind) {
      case 'command':
        try {
          this.#command(action.argv);
        } catch (error) {
          if (action.mayFail !== true) throw error;
        }
        return;
      case 'use-instance':
        if (!this.nodes.has(action.folder)) this.put(action.folder, { kind: 'folder', mode: 0o755 });
        for (const name of this.names(action.folder)) this.nodes.delete(`${action.folder}/${name}`);
        this.put(`${action.folder}/litellm@${String(action.number)}.service`, { kind: 'link', target: action.unit });
        return;
      case 'start-instance':
        return this.startInstance(action.number);
      case 'gate':
        if (!['standby', 'serving'].includes(this.instances.get(action.number)?.state ?? ''))
          throw new Error('the gate fails');
        return;
      case 'take-over':
        for (const [number, one] of this.instances)
          if (one.state === 'serving') this.instances.set(number, { ...one, state: 'draining' });
        return this.#become(action.number, 'serving');
      case 'health': {
        const number = 'unit' in action.watch ? Number(/@(\d+)/.exec(action.watch.unit)?.[1]) : undefined;
        if (number === undefined || this.instances.get(number)?.state !== 'serving' || !this.active)
          throw new Error('nothing answers');
        return;
      }
      case 'check':
      case 'copy':
      case 'folder':
      case 'link':
      case 'remove':
      case 'remove-empty':
      case 'remove-tree':
      case 'replace-process':
      case 'return-to':
      case 'start-process':
      case 'stop-process':
      case 'upload':
      case 'write':
        throw new Error(`not modelled: ${action.kind}`);
    }
  }

  startInstance(number: number): void {
    if (this.instances.has(number)) return;
    const link = this.nodes.get(`${this.paths.deployments}/${String(number)}/gateway`);
    const id = link?.kind === 'link' ? /releases\/([^/]+)\/gateway$/.exec(link.target)?.[1] : undefined;
    const program = this.text(`${this.paths.releases}/${id ?? ''}/gateway`);
    const [config, environment] = [this.text(this.paths.configFile), this.text(this.paths.envFile)];
    if (program === undefined || config?.includes('model_list') !== true || environment === undefined)
      throw new Error(`litellm@${String(number)} ends at once`);
    const state = this.serving() === undefined ? 'serving' : 'standby';
    this.instances.set(number, { state, running: { release: sha256(program), config, environment } });
  }

  startUnits(): void {
    this.active = true;
    const number = this.inUse();
    // Its start is a job of its own: litellm.service starts also where that one fails.
    try {
      if (number !== undefined) this.startInstance(number);
    } catch {
      // As above.
    }
  }

  #become(number: number, state: FakeInstance['state']): void {
    const one = this.instances.get(number);
    if (one === undefined) throw new Error(`litellm@${String(number)} does not run`);
    this.instances.set(number, { ...one, state });
  }

  #command(argv: readonly string[]): void {
    const [program = ''] = argv;
    if (program === 'groupadd') this.group = true;
    else if (program === 'useradd') this.user = true;
    else if (program === 'systemctl') this.#systemctl(argv.slice(2));
    else if (program !== 'chown') throw new Error(`not modelled: ${argv.join(' ')}`);
  }

  #systemctl([verb = '', ...units]: readonly string[]): void {
    const numbers = units.flatMap((unit) => /^litellm@(\d+)\.service$/.exec(unit)?.[1] ?? []).map(Number);
    const isOfBoth = units.some((unit) => UNITS.has(unit));
    if (verb === 'daemon-reload') this.read = this.written();
    else if (verb === 'enable') this.enabled = true;
    else if (verb === 'start') {
      if (!this.hasUnits() || this.read !== this.written()) throw new Error('systemd has read other unit files');
      if (isOfBoth) this.startUnits();
      for (const number of numbers) this.startInstance(number);
    } else if (verb === 'stop') {
      if (isOfBoth) this.active = false;
      if (isOfBoth) this.instances.clear();
      for (const number of numbers) this.instances.delete(number);
    } else if (verb === 'reload') {
      const number = this.inUse();
      const one = number === undefined ? undefined : this.instances.get(number);
      const config = this.text(this.paths.configFile);
      if (!this.active || number === undefined || one === undefined || config?.includes('model_list') !== true)
        throw new Error('the reload fails');
      this.instances.set(number, { ...one, running: { ...one.running, config } });
    } else if (verb !== 'reset-failed') throw new Error(`not modelled: systemctl ${verb}`);
  }
}
