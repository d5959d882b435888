import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CACHE } from '../lab/place.ts';
import { unpackDebianPackages } from './debian-packages.ts';

/** The line about tests that need Prometheus or promtool. */
export const PROMTOOL_LEFT_OUT =
  'LEFT OUT: the tests with Prometheus and promtool (there is none here; apt-get install prometheus, or HXLLM_PROMTOOL_BIN=/path/to/promtool)';

/** Prometheus' own judge: the one that the environment names, else one on the path. */
export function findPromtool(): string | undefined {
  const named = process.env['HXLLM_PROMTOOL_BIN'];
  if (named !== undefined && existsSync(named)) return named;
  return spawnSync('promtool', ['--version']).status === 0 ? 'promtool' : undefined;
}

/** Prometheus itself: beside promtool, or on the path. */
export function findPrometheus(): string | undefined {
  const promtool = findPromtool();
  if (promtool === undefined) return undefined;
  const beside = join(dirname(promtool), 'prometheus');
  if (promtool.includes('/') && existsSync(beside)) return beside;
  return spawnSync('prometheus', ['--version']).status === 0 ? 'prometheus' : undefined;
}

/** Debian's Prometheus, unpacked and not installed: an installed one would start. Returns promtool; `undefined` where there is no package. */
export async function unpackPromtool(say: (line: string) => void): Promise<string | undefined> {
  const found = findPromtool();
  if (found !== undefined) return found;
  const place = join(CACHE, 'prometheus');
  const program = join(place, 'root/usr/bin/promtool');
  if (existsSync(program)) return program;
  say('unpacking Debian’s Prometheus for the tests');
  try {
    await unpackDebianPackages(place, ['prometheus']);
    return program;
  } catch {
    return undefined;
  }
}
