import { USER_GECOS } from '../../../src/core/mark.ts';
import type { Entry, UnitState } from '../../../src/facts/installation/installation.ts';
import type { Actual } from '../../../src/plan/actual.ts';
import { desiredFolders } from '../../../src/plan/folders.ts';
import type { Desired } from '../../../src/render/desired.ts';
import { look } from './look.ts';
import type { SystemdHost } from './systemd-host.ts';

/** The state of a fake host with systemd as the questions of enforce find it. */
export function lookSystemd(host: SystemdHost, desired: Desired): Actual {
  const base = look(host, desired);
  const { settings, paths } = desired;
  const { user, group } = settings;
  const owners = new Map(
    [...desiredFolders(settings, paths), ...desired.files].map(({ path, owner, group: of }) => [path, [owner, of]]),
  );
  const owned = ([path, entry]: readonly [string, Entry]): readonly [string, Entry] => {
    const [owner = 'root', of = 'root'] = owners.get(path) ?? [];
    return [path, { ...entry, owner, group: of }];
  };
  const isWritten = host.text(paths.serviceUnit) !== undefined;
  const unit = (path: string): UnitState => ({
    load: host.text(path) === undefined && !host.active ? 'not-found' : 'loaded',
    active: host.active ? 'active' : 'inactive',
    enabled: host.text(path) === undefined ? '' : host.enabled ? 'enabled' : 'disabled',
    fragment: path,
    needsReload: host.read !== host.written(),
    program: '',
    followers: [],
  });
  const program = `${desired.release.runtimeFolder}/bin/node`;
  const alive = [...host.instances].toSorted(([a], [b]) => a - b);
  return {
    ...base,
    installation: {
      ...base.installation,
      user: host.user ? { gecos: USER_GECOS, group } : undefined,
      groupExists: host.group,
      entries: new Map([...base.installation.entries].map(owned)),
      daemon: undefined,
      service: unit(paths.serviceUnit),
      socket: unit(paths.socketUnit),
      // The instances tell their states where several run, or another one than that in use.
      instanceUnits: alive.map(([number, { state }]) => ({
        number,
        active: 'active',
        program,
        ...(alive.length > 1 || number !== host.inUse() ? { state } : {}),
      })),
      instances: alive.map(([number]) => ({
        pid: number,
        runtime: desired.release.runtimeFolder.replace(/^.*\//, ''),
        deployment: number,
      })),
      inUse: host.inUse(),
    },
    footprint: {
      ...base.footprint,
      folders: new Map(
        [...base.footprint.folders].map(([path, folder]) => {
          const [owner = 'root', of = 'root'] = owners.get(path) ?? [];
          return [path, { ...folder, owner, group: of }];
        }),
      ),
      unit: isWritten ? { configDir: paths.configDir, installDir: paths.installDir, user, group } : undefined,
      users: new Map(host.user ? [[user, { uid: 999, gid: 997, gecos: USER_GECOS, owns: [] }]] : []),
      groups: new Map(
        host.group ? [[group, { gid: 997, primaryOf: host.user ? [user] : [], owns: [paths.configDir] }]] : [],
      ),
    },
  };
}
