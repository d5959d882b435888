import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { hostFolder, type HostName } from '../place.ts';

/** Every path of a host with its kind, owner, mode and content. */
export type Files = ReadonlyMap<string, string>;

/** Paths that change by themselves or by use, and say nothing about the installation. */
const ASIDE = new Set([
  '/var/log',
  '/var/cache',
  '/var/lib/systemd',
  '/var/tmp',
  '/tmp',
  '/run',
  // Copies that the shadow tools keep from before their last change.
  ...['passwd', 'group', 'shadow', 'gshadow', 'subuid', 'subgid'].map((name) => `/etc/${name}-`),
]);

/**
 * Reads the disk of a host as the host sees it, all layers merged; a file that was rewritten with the same content is unchanged.
 */
export function readFiles(name: HostName): Files {
  const root = join(hostFolder(name), 'root');
  const found = new Map<string, string>();
  const context = (path: string): void => {
    for (const entry of readdirSync(join(root, path))) {
      const each = `${path}/${entry}`;
      if (ASIDE.has(each)) continue;
      const stats = lstatSync(join(root, each));
      found.set(each, fingerprint(join(root, each), stats));
      if (stats.isDirectory()) context(each);
    }
  };
  context('');
  return found;
}

/** The differences between two states, one line each: `+ path`, `- path` or `~ path`, in order. */
export function changedFiles(before: Files, after: Files): readonly string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return paths.flatMap((path) => {
    const [was, is] = [before.get(path), after.get(path)];
    if (was === is) return [];
    return was === undefined ? [`+ ${path}`] : is === undefined ? [`- ${path}`] : [`~ ${path} (${was} -> ${is})`];
  });
}

function fingerprint(path: string, stats: Stats): string {
  const owned = `${(stats.mode & 0o7777).toString(8)} ${String(stats.uid)}:${String(stats.gid)}`;
  if (stats.isDirectory()) return `folder ${owned}`;
  if (stats.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  if (!stats.isFile()) return `special ${owned}`;
  return `file ${owned} ${createHash('sha1').update(readFileSync(path)).digest('hex').slice(0, 12)}`;
}
