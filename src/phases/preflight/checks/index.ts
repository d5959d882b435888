import type { Settings } from '../../../config/config.ts';
import type { PreflightCheck } from '../subject.ts';
import { ACCOUNT } from './account.ts';
import { CONNECTION } from './connection.ts';
import { DOMAIN } from './domain.ts';
import { fleetChecks } from './fleet.ts';
import { modelChecks } from './models.ts';
import { PLACE } from './place.ts';
import { PRIVILEGE } from './privilege.ts';
import { RESOURCES } from './resources.ts';
import { SYSTEM } from './system.ts';

/** All checks for a host with these settings, in the order in which they are judged. */
export function checksFor(settings: Settings): readonly PreflightCheck[] {
  return [
    ...CONNECTION,
    ...SYSTEM,
    ...PRIVILEGE,
    ...DOMAIN,
    ...RESOURCES,
    ...PLACE,
    ...ACCOUNT,
    ...fleetChecks(settings.backends),
    ...modelChecks(settings.models, settings.backends),
  ];
}
