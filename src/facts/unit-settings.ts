/** A setting of the unit, and the requirement without which systemd ignores it. */
export interface UnitSetting {
  readonly name: string;
  /** The version of systemd that brought it, where that is newer than 239. */
  readonly since?: number;
  /** The feature of systemd's build that it needs, as `systemctl --version` lists it. */
  readonly feature?: 'SECCOMP';
}

/**
 * The hardening of the unit by what it needs of systemd: systemd.exec(5), systemd.unit(5). A version that does not know a setting logs a
 * warning and starts the unit without it.
 */
export const UNIT_SETTINGS: readonly UnitSetting[] = [
  { name: 'Type=exec', since: 240 },
  { name: 'ProtectHostname', since: 242, feature: 'SECCOMP' },
  { name: 'RestrictSUIDSGID', since: 242, feature: 'SECCOMP' },
  { name: 'ProtectKernelLogs', since: 244 },
  { name: 'ProtectClock', since: 245 },
  { name: 'ProtectProc', since: 247 },
  { name: 'ProcSubset', since: 247 },
  { name: 'PrivateIPC', since: 248 },
  { name: 'StopPropagatedFrom', since: 249 },
  { name: 'SystemCallFilter', feature: 'SECCOMP' },
  { name: 'SystemCallArchitectures', feature: 'SECCOMP' },
  { name: 'RestrictAddressFamilies', feature: 'SECCOMP' },
  { name: 'RestrictNamespaces', feature: 'SECCOMP' },
  { name: 'RestrictRealtime', feature: 'SECCOMP' },
  { name: 'LockPersonality', feature: 'SECCOMP' },
];

/** The settings that a systemd of this version and with this build ignores, each with the reason. */
export function ignoredSettings(version: number, features: readonly string[]): readonly string[] {
  return UNIT_SETTINGS.flatMap(({ name, since = 0, feature }) => {
    if (version < since) return [`${name} (since ${String(since)})`];
    return feature !== undefined && features.includes(`-${feature}`) ? [`${name} (-${feature})`] : [];
  });
}
