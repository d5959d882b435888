import { isObject, parseJson } from '../../core/json.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../core/verdict.ts';

/** The highest exposure level that passes, by the scale of systemd-analyze(1): 0 is none, 10 is unprotected. */
const MOST_EXPOSURE = 1.3;

/** The first version of systemd that judges a unit's file without loading the unit (systemd-analyze(1), `--offline`). */
const OFFLINE_SINCE = 250;

/** Settings that the service does without, by their names in systemd-analyze, with the reason. The page `security` has them too. */
export const WAIVERS: Readonly<Record<string, string>> = {
  'RootDirectory=/RootImage=': 'the program uses the host’s libraries, certificates and resolver',
  'PrivateMounts=': 'ProtectSystem= gives it mounts of its own already',
  'MemoryDenyWriteExecute=': 'V8 writes code at run time',
  'RestrictAddressFamilies=~AF_UNIX': 'the journal and name services are local sockets',
  'RestrictAddressFamilies=~AF_(INET|INET6)': 'it serves HTTP',
  'PrivateNetwork=': 'it serves the network',
  'DeviceAllow=': 'ProtectClock= itself lists the clock',
  'IPAddressDeny=': 'litellm_restrict_egress is not set',
};

/** The gateway's unit first. */
const JUDGED = ['litellm@.service', 'litellm.service'];

/** Lines of the script that judges the hardening of the gateway's units in the current folder. They name no unit in their output. */
export const EXPOSURE_LINES: readonly string[] = [
  `printf 'hxllm:systemd %s\\n' "$(systemd-analyze --version | sed -n '1s/^systemd \\([0-9]*\\).*/\\1/p')"`,
  ...JUDGED.map(
    (name) =>
      `printf 'hxllm:exposure %s\\n' "$(LC_ALL=C systemd-analyze security --no-pager --offline=true ./${name} 2> /dev/null < /dev/null | sed -n 's/.*Overall exposure level.*: \\([0-9.]*\\) .*/\\1/p')"`,
  ),
  `printf 'hxllm:settings %s\\n' "$(LC_ALL=C systemd-analyze security --no-pager --offline=true --json=short ./litellm@.service 2> /dev/null < /dev/null)"`,
];

/** Judges the exposure that systemd finds in the rendered units, from the output of {@link EXPOSURE_LINES}. */
export function judgeExposure(said: string): Verdict {
  const version = Number(/^hxllm:systemd (\d+)$/m.exec(said)?.[1] ?? Number.NaN);
  if (Number.isNaN(version)) return unknown('systemd-analyze did not tell its version');
  if (version < OFFLINE_SINCE)
    return notApplicable(
      `systemd ${String(version)} judges loaded units only; from ${String(OFFLINE_SINCE)} on it judges a file`,
    );
  const levels = [...said.matchAll(/^hxllm:exposure ([\d.]+)$/gm)].map((one) => Number(one[1]));
  const level = levels.length === 0 ? Number.NaN : Math.max(...levels);
  if (Number.isNaN(level)) return unknown('systemd-analyze security gave no exposure level');
  const open = unsetSettings(/^hxllm:settings (.*)$/m.exec(said)?.[1] ?? '');
  const lacking = open.filter((name) => !Object.hasOwn(WAIVERS, name));
  const waived = open.filter((name) => Object.hasOwn(WAIVERS, name)).map((name) => `${name} (${WAIVERS[name] ?? ''})`);
  const seen = `exposure ${level.toFixed(1)}`;
  if (level <= MOST_EXPOSURE) return pass(`${seen}; without ${[...waived, ...lacking].join(', ') || 'any exception'}`);
  return failed(
    `an exposure of at most ${String(MOST_EXPOSURE)}`,
    `${seen}; missing: ${lacking.join(', ') || 'settings that systemd weighs more on this version'}`,
    'add the missing settings to litellm@.service and litellm.service in litellm_templates_dir',
  );
}

/** The names of the settings that leave something open. */
function unsetSettings(json: string): readonly string[] {
  const settings = parseJson(json);
  if (!Array.isArray(settings)) return [];
  return settings.flatMap((setting: unknown) => {
    if (!isObject(setting)) return [];
    const { name, exposure } = setting;
    return typeof name === 'string' && Number(exposure ?? 0) > 0 ? [name] : [];
  });
}
