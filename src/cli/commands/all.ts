import type { Command } from 'commander';
import { backendCommand } from './backend.ts';
import { demoCommand } from './demo.ts';
import { docsCommand } from './docs.ts';
import { doctorCommand } from './doctor.ts';
import { fleetCommand } from './fleet.ts';
import { driftCommand } from './drift.ts';
import { evidenceCommand } from './evidence.ts';
import { enforceCommand } from './enforce.ts';
import { inventoryCommand } from './inventory.ts';
import { keysCommand } from './keys.ts';
import { teamsCommand } from './teams.ts';
import { usageCommand } from './usage.ts';
import type { Start } from './phase-command.ts';
import { preflightCommand } from './preflight.ts';
import { gatewayCommand, simCommand, type HandOn } from './servers.ts';
import { releasesCommand } from './releases.ts';
import { rollbackCommandOf } from './rollback.ts';
import { serviceCommand } from './service.ts';
import { smokeCommand } from './smoke.ts';
import { templatesCommand } from './templates.ts';
import { trustCommandOf } from './trust.ts';
import { uninstallCommand } from './uninstall.ts';
import { upCommand } from './up.ts';
import { vaultCommand } from './vault.ts';
import { validateCommand } from './validate.ts';

/** All commands of the general help, in their groups. */
export function allCommands(start: Start, handOn: HandOn): readonly (readonly [group: string, readonly Command[]])[] {
  return [
    ['To look around first:', [demoCommand(handOn), docsCommand(handOn)]],
    [
      'All five phases at once, and the way back:',
      [upCommand(start), rollbackCommandOf(start), uninstallCommand(start)],
    ],
    [
      'The five phases, in order:',
      [
        preflightCommand(start, handOn),
        inventoryCommand(start, handOn),
        validateCommand(start, handOn),
        enforceCommand(start),
        smokeCommand(start),
      ],
    ],
    ['The evidence that the phases leave:', [evidenceCommand(handOn)]],
    [
      'The operator’s secrets, and the keys of clients and hosts:',
      [vaultCommand(handOn), keysCommand(handOn), teamsCommand(handOn), trustCommandOf(handOn)],
    ],
    [
      'A running gateway:',
      [
        doctorCommand(handOn),
        fleetCommand(handOn),
        usageCommand(handOn),
        releasesCommand(handOn),
        driftCommand(handOn),
        serviceCommand(handOn),
        backendCommand(handOn),
        templatesCommand(handOn),
      ],
    ],
    ['Servers, in the foreground:', [gatewayCommand(handOn), simCommand(handOn)]],
  ];
}
