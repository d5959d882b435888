import { isForName, readPem, type Certificate } from '../../../core/certificate.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import type { TlsPair } from '../../../facts/tls-pair.ts';
import { knowing, lineOn, type PreflightCheck, type PreflightSubject } from '../subject.ts';
import { dayText, SOON_MS } from './trust-days.ts';

const NONE = 'litellm_tls_cert is not defined: the gateway speaks plain HTTP';

/** The gateway's own certificate and key. */
export const GATEWAY_TRUST: readonly PreflightCheck[] = [
  {
    id: 'trust.gateway-certificate',
    title: 'the certificate of the gateway can be served',
    severity: 'error',
    why: 'With litellm_tls_cert clients refuse the gateway if its certificate is not valid today, not for a name of the host, or not of an authority they know; the gateway does not start without a key that belongs to it.',
    remedy:
      'Renew the certificate for the name by which clients reach the host, with the certificates between it and the root behind it.',
    asks: ['tlsPair'],
    after: ['system.bash'],
    judge: ofPair(judgeCertificate),
  },
  {
    id: 'trust.gateway-key',
    title: 'the key of the gateway is readable for the service, and for nobody else',
    severity: 'error',
    why: 'The gateway reads the key as litellm_user, at its start and when it is renewed. A key that others may read lets them pose as the gateway.',
    remedy: 'Give the file to root and the group of the service, with mode 0640.',
    asks: ['tlsPair'],
    after: ['system.bash'],
    judge: ofPair(judgeKey),
  },
  {
    id: 'trust.gateway-expiry',
    title: 'the certificate of the gateway is valid for 14 more days',
    severity: 'warning',
    why: 'After its last day clients refuse the gateway. A renewed pair is used within seconds, without a restart.',
    remedy: 'Renew the certificate.',
    asks: ['tlsPair'],
    after: ['trust.gateway-certificate'],
    judge: ofPair(judgeExpiry),
  },
];

/** A judge of the pair; without TLS there is none, whatever the host says. */
function ofPair(judge: (pair: TlsPair, subject: PreflightSubject) => Verdict): PreflightCheck['judge'] {
  const judgeKnown = knowing((facts) => facts.tlsPair, judge);
  return (subject) => (subject.host.settings.tls === undefined ? notApplicable(NONE) : judgeKnown(subject));
}

function judgeExpiry(pair: TlsPair, subject: PreflightSubject): Verdict {
  const [first] = certificatesOf(pair, subject);
  if (first === undefined) return unknown('there is no certificate');
  return first.notAfterMs - nowOf(subject) < SOON_MS
    ? failed(
        'a certificate that is valid for 14 more days',
        `${first.subject} until ${dayText(first.notAfterMs)}`,
        'renew the certificate',
      )
    : pass(`until ${dayText(first.notAfterMs)}`);
}

function certificatesOf({ certificates }: TlsPair, { host: { settings } }: PreflightSubject): readonly Certificate[] {
  return settings.tls?.from === 'sent' ? settings.tls.certificates : readPem(certificates ?? '').certificates;
}

function judgeCertificate(pair: TlsPair, subject: PreflightSubject): Verdict {
  const { settings, target } = subject.host;
  const { tls } = settings;
  if (tls === undefined) return notApplicable(NONE);
  const place = tls.from === 'host' ? tls.certFile : 'litellm_tls_cert';
  const certificates = certificatesOf(pair, subject);
  const [first] = certificates;
  if (first === undefined)
    return failed(
      `a certificate in PEM at ${place}`,
      pair.certificates === undefined ? 'no such file' : 'no such block',
      lineOn(target, `sudo ls -l ${place}`),
    );
  const nowMs = nowOf(subject);
  const invalid = certificates.filter((one) => nowMs < one.notBeforeMs || nowMs > one.notAfterMs);
  if (invalid.length > 0)
    return failed(
      `certificates that are valid on ${dayText(nowMs)}`,
      invalid.map((one) => `${one.subject}, from ${dayText(one.notBeforeMs)} to ${dayText(one.notAfterMs)}`).join('; '),
      'renew the certificate',
    );
  if (pair.fits === false)
    return failed(
      `the key of ${first.subject}`,
      'another key, or one that cannot be read',
      `write the pair to ${place} and its key`,
    );
  const names = [...new Set([target.name, target.address])];
  if (!names.some((name) => isForName(first, name)))
    return failed(
      `a certificate for ${names.join(' or ')}`,
      first.names === '' ? `${first.subject}, for no name` : `${first.subject}, for ${first.names}`,
      `get a certificate with the name by which clients reach ${target.name}`,
    );
  const gap = certificates.findIndex(
    (one, index) => certificates[index + 1] !== undefined && certificates[index + 1]?.subject !== one.issuer,
  );
  if (gap >= 0)
    return failed(
      `behind ${certificates[gap]?.subject ?? ''} the certificate of ${certificates[gap]?.issuer ?? ''}`,
      certificates[gap + 1]?.subject ?? '',
      `put the certificates of ${place} in order: the gateway’s first, each issuer behind it`,
    );
  const fit = pair.fits === true || tls.from === 'sent' ? '' : '; enforce compares it with its key';
  return pass(`${first.subject}, for ${first.names}, issued by ${first.issuer}${fit}`);
}

function judgeKey({ key, unreadable }: TlsPair, { host: { settings, target } }: PreflightSubject): Verdict {
  const { tls, user, group } = settings;
  if (tls === undefined) return notApplicable(NONE);
  if (tls.from === 'sent') return notApplicable('enforce sends it, for root and the group of the service alone');
  const { keyFile } = tls;
  const fix = lineOn(target, `sudo chown root:${group} ${keyFile} && sudo chmod 0640 ${keyFile}`);
  if (key === undefined)
    return failed(`a private key at ${keyFile}`, 'no such file', lineOn(target, `sudo ls -l ${keyFile}`));
  if (key.hasPassphrase)
    return failed(
      'a key without a passphrase',
      'an encrypted one',
      lineOn(target, `sudo openssl pkey -in ${keyFile} -out ${keyFile}.open`),
    );
  const seen = `${key.owner}:${key.group} ${key.mode.toString(8).padStart(4, '0')}`;
  const isOpen = (key.mode & 0o007) !== 0 || ((key.mode & 0o070) !== 0 && ![group, 'root'].includes(key.group));
  if (isOpen || ![user, 'root'].includes(key.owner)) return failed(`a key for root and ${user} alone`, seen, fix);
  if (unreadable !== undefined && unreadable.length > 0)
    return failed(
      `files that ${user} may read`,
      `none of ${unreadable.join(', ')}`,
      unreadable.includes(keyFile) ? fix : lineOn(target, `namei -l ${unreadable[0] ?? ''}`),
    );
  return pass(`${keyFile}, ${seen}${unreadable === undefined ? `; the user ${user} does not exist yet` : ''}`);
}

function nowOf({ seen }: PreflightSubject): number {
  return seen.reached ? seen.askedMs.toMs : 0;
}
