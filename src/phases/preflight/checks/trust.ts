import { failed, notApplicable, pass, type Verdict } from '../../../core/verdict.ts';
import { quote } from '../../../core/shell.ts';
import { isSameCertificate, type TrustStore } from '../../../facts/authorities.ts';
import { dayText, SOON_MS } from './trust-days.ts';
import { GATEWAY_TRUST } from './trust-gateway.ts';
import { knowing, lineOn, type PreflightCheck, type PreflightSubject } from '../subject.ts';

const NO_FILE = 'litellm_ca_file is not defined';

/** The authorities of the organisation, and the gateway's own certificate. */
export const TRUST: readonly PreflightCheck[] = [
  {
    id: 'trust.ca-valid',
    title: 'an authority of litellm_ca_file is valid today',
    severity: 'error',
    why: 'Reads the dates of the certificates in litellm_ca_file. An authority that has expired vouches for no backend.',
    remedy: 'Get the new certificate of the authority.',
    asks: [],
    judge: (subject) => {
      const { authorities } = subject.host.settings;
      if (authorities === undefined) return notApplicable(NO_FILE);
      const nowMs = nowOf(subject);
      const valid = authorities.certificates.filter((one) => nowMs >= one.notBeforeMs && nowMs <= one.notAfterMs);
      if (valid.length > 0)
        return pass(valid.map(({ subject: name, notAfterMs }) => `${name} until ${dayText(notAfterMs)}`).join('; '));
      return failed(
        `a certificate that is valid on ${dayText(nowMs)}`,
        authorities.certificates
          .map(
            (one) =>
              `${authorities.file}:${String(one.line)}: ${one.subject}, from ${dayText(one.notBeforeMs)} to ${dayText(one.notAfterMs)}`,
          )
          .join('; '),
        `replace ${authorities.file} with the new certificate of the authority`,
      );
    },
  },
  {
    id: 'trust.ca-expiry',
    title: 'every authority of litellm_ca_file is valid for 14 more days',
    severity: 'warning',
    why: 'After the last day of an authority the gateway refuses every backend that it signed.',
    remedy: 'Get the new certificate of the authority; old and new may stand in one file.',
    asks: [],
    after: ['trust.ca-valid'],
    judge: (subject) => {
      const { authorities } = subject.host.settings;
      if (authorities === undefined) return notApplicable(NO_FILE);
      const soon = authorities.certificates.filter(({ notAfterMs }) => notAfterMs - nowOf(subject) < SOON_MS);
      return soon.length === 0
        ? pass(`until ${dayText(Math.min(...authorities.certificates.map(({ notAfterMs }) => notAfterMs)))}`)
        : failed(
            'certificates that are valid for 14 more days',
            soon
              .map((one) => `${authorities.file}:${String(one.line)}: ${one.subject} until ${dayText(one.notAfterMs)}`)
              .join('; '),
            `add the new certificate of the authority to ${authorities.file}`,
          );
    },
  },
  {
    id: 'trust.ca-installed',
    title: 'the host trusts the authorities of litellm_ca_file',
    severity: 'warning',
    why: 'Compares the certificates with the list of authorities on the host. The gateway gets litellm_ca_file from enforce in any case; curl and other programs of the host do not.',
    remedy: 'Install the authority on the host: update-ca-certificates (Debian) or update-ca-trust (RHEL).',
    asks: ['trustStore'],
    after: ['system.bash'],
    judge: knowing((facts) => facts.trustStore, judgeInstalled),
  },
  ...GATEWAY_TRUST,
];

function nowOf({ seen }: PreflightSubject): number {
  return seen.reached ? seen.askedMs.toMs : 0;
}

function judgeInstalled(store: TrustStore, { host: { target, settings } }: PreflightSubject): Verdict {
  const { authorities } = settings;
  const { bundle, certificates, updater } = store;
  if (authorities === undefined)
    return notApplicable(
      `${NO_FILE}${bundle === undefined ? '' : `; the host trusts the ${String(certificates.length)} authorities of ${bundle}`}`,
    );
  if (bundle === undefined)
    return notApplicable('the host has no list of authorities; enforce gives litellm_ca_file to the gateway');
  const missing = authorities.certificates.filter(
    ({ pem }) => !certificates.some((each) => isSameCertificate(each, pem)),
  );
  if (missing.length === 0)
    return pass(`${authorities.certificates.map(({ subject }) => subject).join('; ')} in ${bundle}`);
  return failed(
    `every certificate of ${authorities.file} in ${bundle}`,
    `no ${missing.map(({ subject }) => subject).join('; ')} there`,
    `${lineOn(target, installLine(updater, authorities.file))} < ${quote(authorities.file)}`,
  );
}

function installLine(updater: string | undefined, file: string): string {
  const name = (file.split('/').at(-1) ?? '').replace(/\.\w+$/, '').replaceAll(/[^\w.-]/g, '-');
  return updater === 'update-ca-trust'
    ? `sudo tee /etc/pki/ca-trust/source/anchors/${name}.pem >/dev/null && sudo update-ca-trust`
    : `sudo tee /usr/local/share/ca-certificates/${name}.crt >/dev/null && sudo update-ca-certificates`;
}
