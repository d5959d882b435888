import { failed, notApplicable, pass, type Verdict } from '../../../core/verdict.ts';
import { accountObjections } from '../../../facts/account-objections.ts';
import type { Account } from '../../../facts/account.ts';
import { allNotes } from '../../../facts/footprint/footprint.ts';
import { noted } from '../../../facts/installation/notes.ts';
import type { Objection } from '../../../facts/objection.ts';
import { knowing, type PreflightSubject, type PreflightCheck } from '../subject.ts';

/** The account that the service runs as: new, or without rights that the service does not need. */
export const ACCOUNT: readonly PreflightCheck[] = [
  {
    id: 'account.rights',
    title: 'the account has no more rights than the service needs',
    severity: 'error',
    why: 'Reads the account of litellm_user, its groups and sudo rights. The gateway needs none of them, and a fault in it would have them all.',
    remedy: 'Set litellm_user to a new name, or take the rights away.',
    asks: ['account', 'footprint'],
    after: ['system.bash', 'privilege.sudo'],
    judge: judgeAccount(({ refused }) => refused),
  },
  {
    id: 'account.kind',
    title: 'the account is a service’s alone',
    severity: 'warning',
    why: 'Reads whether the account is a service’s alone. One with a shell or files of a person’s mixes two owners.',
    remedy: 'Set litellm_user to a new name, which hxllm creates.',
    asks: ['account', 'footprint'],
    after: ['account.rights'],
    judge: judgeAccount(({ refused }) => !refused),
  },
];

function judgeAccount(counts: (objection: Objection) => boolean): (subject: PreflightSubject) => Verdict {
  return (subject) => {
    const { settings } = subject.host;
    if (settings.serviceManager === 'process')
      return notApplicable('litellm_service_manager is process: the gateway runs as the login user');
    return knowing(
      (facts) => facts.account,
      (account) => {
        const footprint = subject.seen.reached ? subject.seen.facts.footprint : undefined;
        const made = footprint?.known === true ? noted(allNotes(footprint.value).made, 'group') : [];
        return verdictOf(account, settings.user, accountObjections(settings, account, made).filter(counts));
      },
    )(subject);
  };
}

function verdictOf({ user }: Account, name: string, objections: readonly Objection[]): Verdict {
  const [first] = objections;
  if (first === undefined)
    return pass(user === undefined ? `${name} will be created` : `${name}, uid ${String(user.uid)}`);
  const texts = (part: 'wanted' | 'seen'): string => [...new Set(objections.map((one) => one[part]))].join('; ');
  return failed(texts('wanted'), texts('seen'), first.fix);
}
