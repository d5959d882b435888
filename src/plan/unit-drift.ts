import type { DeploymentRecord } from '../core/deployment-record.ts';
import type { Installation } from '../facts/installation/installation.ts';
import type { HostPaths } from '../render/desired.ts';
import { instanceUnit } from './instance.ts';

/** A unit that is not as it was applied. */
export interface UnitDrift {
  readonly kind: 'unit' | 'service';
  readonly subject: string;
  readonly expected: string;
  readonly found: string;
}

/** The units that people know: each has to be active, enabled, and as systemd has read it. */
export function unitDrift({ service, socket }: Installation, hasDropIns: boolean): readonly UnitDrift[] {
  return [
    { name: 'litellm.socket', unit: socket },
    { name: 'litellm.service', unit: service },
  ].flatMap(({ name, unit }): readonly UnitDrift[] => {
    if (unit === undefined)
      return [{ kind: 'service', subject: name, expected: 'active', found: 'systemd does not answer' }];
    return [
      ...(unit.active === 'active'
        ? []
        : [{ kind: 'service', subject: name, expected: 'active', found: unit.active } as const]),
      ...(unit.enabled === 'enabled'
        ? []
        : [
            {
              kind: 'unit',
              subject: name,
              expected: 'enabled',
              found: unit.enabled === '' ? 'no unit file' : unit.enabled,
            } as const,
          ]),
      ...(unit.needsReload && !hasDropIns
        ? [
            {
              kind: 'unit',
              subject: name,
              expected: 'the unit file that systemd has read',
              found: 'another one',
            } as const,
          ]
        : []),
    ];
  });
}

/** The one instance that a restart and a boot start, and its state. A record of an older hxllm has no instances. */
export function instanceDrift(
  { files, kind, number }: DeploymentRecord,
  { instanceLinks, instanceUnit: unitFile }: HostPaths,
  { inUse, instanceUnits }: Installation,
): readonly UnitDrift[] {
  if (!files.some(({ path }) => path === unitFile)) return [];
  // A reload has a number too, and its instance has that of an earlier switch.
  const expected = kind === 'switch' ? `the link ${instanceUnit(number)}` : 'the link of one instance';
  if (inUse === undefined) return [{ kind: 'unit', subject: instanceLinks, expected, found: 'none' }];
  const unit = instanceUnits.find((one) => one.number === inUse);
  const { active = 'inactive', state } = unit ?? {};
  return [
    ...(kind === 'switch' && inUse !== number
      ? [{ kind: 'unit', subject: instanceLinks, expected, found: instanceUnit(inUse) } as const]
      : []),
    ...(active === 'active' && (state ?? 'serving') === 'serving'
      ? []
      : [
          {
            kind: 'service',
            subject: instanceUnit(inUse),
            expected: 'active, and serving',
            found: active === 'active' ? `${active}, and ${state ?? 'silent'}` : active,
          } as const,
        ]),
  ];
}
