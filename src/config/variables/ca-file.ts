import { isAbsolute, resolve } from 'node:path';
import { readPem, type PemFault } from '../../core/certificate.ts';
import type { Problem, Where } from '../../core/problem.ts';
import { quote } from '../../core/shell.ts';
import type { AuthorityFile } from '../trust-settings.ts';
import type { Findings } from '../findings.ts';
import type { SourceFiles } from '../source-files.ts';
import { Reader, type HostVariables } from './reader.ts';

/** The base of relative paths: the operator's folder, as for ansible_ssh_private_key_file. */
interface Place {
  readonly cwd: string;
  readonly home: string;
}

const WANTED = 'the path of a PEM file with the certificates of authorities';

/**
 * Reads the file of `litellm_ca_file`. Everything in it must be the certificate of an authority; faults are errors with the line of the
 * file. Whether a certificate has expired depends on the day, so preflight judges that.
 */
export async function readAuthorityFile(
  variables: HostVariables,
  { cwd, home }: Place,
  files: SourceFiles,
  findings: Findings,
): Promise<AuthorityFile | undefined> {
  if (!variables.all.has('litellm_ca_file')) return undefined;
  const value = variables.get('litellm_ca_file');
  const name = new Reader(findings).text(value, WANTED);
  if (value === undefined || name === undefined) return undefined;
  const atHome = name.replace(/^~(?=\/)/, home);
  const path = isAbsolute(atHome) ? atHome : resolve(cwd, atHome);
  const file = files.shown(path);
  const wrong = (problem: Pick<Problem, 'summary' | 'detail' | 'fix'>, where: Where = { file }): undefined => {
    findings.error({ code: 'variables.ca-file', ...problem, where });
    return undefined;
  };
  const opened = await files.open(path);
  if (!opened.ok) {
    const [problem] = opened.problems;
    if (problem.code !== 'config.not-text')
      return wrong({ summary: 'cannot read litellm_ca_file', detail: problem.detail, fix: problem.fix });
    return wrong({
      summary: 'litellm_ca_file is not PEM',
      detail: `Expected ${WANTED}, which begin with -----BEGIN CERTIFICATE-----, found bytes that are no text, as in a DER file.`,
      fix: `openssl x509 -inform der -in ${quote(file)} -out ${quote(file.replace(/(?:\.\w+)?$/, '.pem'))}`,
    });
  }
  if (opened.value === undefined)
    return wrong(
      {
        summary: 'the file of litellm_ca_file does not exist',
        detail: `Expected a PEM file at ${path}, found none.`,
        fix: `copy the certificate of the authority to ${file}, or correct litellm_ca_file`,
      },
      value.where,
    );
  if (opened.value.locked)
    return wrong({
      summary: 'litellm_ca_file is encrypted',
      detail: `Expected a PEM file, or the vault password of ${file}, found neither.`,
      fix: 'run again with --ask-vault-pass, or store the file in plain text: certificates are no secrets',
    });
  const { certificates, faults } = readPem(opened.value.text);
  for (const fault of faults) wrong(faultProblem(fault, file), { file, line: fault.line });
  for (const { line, subject, isAuthority } of certificates)
    if (!isAuthority)
      wrong(
        {
          summary: 'litellm_ca_file has a certificate that is no authority',
          detail: `Expected certificates that may sign others (basicConstraints CA:TRUE), found the one of ${subject}.`,
          fix: `replace it in ${file} with the certificate of its issuer`,
        },
        { file, line },
      );
  if (certificates.length === 0 && faults.length === 0)
    return wrong({
      summary: 'litellm_ca_file has no certificate',
      detail: 'Expected a block that begins with -----BEGIN CERTIFICATE-----, found none.',
      fix: `head -n 3 ${quote(file)}`,
    });
  return certificates.length > 0 && faults.length === 0 && certificates.every(({ isAuthority }) => isAuthority)
    ? { file, path, certificates }
    : undefined;
}

function faultProblem({ kind, what }: PemFault, file: string): Pick<Problem, 'summary' | 'detail' | 'fix'> {
  switch (kind) {
    case 'private-key':
      return {
        summary: 'litellm_ca_file has a private key',
        detail: `Expected certificates alone, since the file is copied to the hosts, found a block ${what}.`,
        fix: `remove the key from ${file}: openssl crl2pkcs7 -nocrl -certfile ${quote(file)} | openssl pkcs7 -print_certs -out ${quote(`${file}.new`)}`,
      };
    case 'no-end':
      return {
        summary: 'a certificate of litellm_ca_file is cut off',
        detail: `Expected -----END ${what}-----, found the end of the file or another block.`,
        fix: `copy the certificate to ${file} again`,
      };
    case 'other-block':
      return {
        summary: 'litellm_ca_file has another block than a certificate',
        detail: `Expected -----BEGIN CERTIFICATE-----, found -----BEGIN ${what}-----.`,
        fix: what.includes('CERTIFICATE')
          ? `openssl x509 -in ${quote(file)} -out ${quote(`${file}.new`)}`
          : `remove the block from ${file}`,
      };
    case 'unreadable':
      return {
        summary: 'a certificate of litellm_ca_file cannot be read',
        detail: `Expected a certificate (X.509), found a block that OpenSSL refuses: ${what}.`,
        fix: `copy the certificate to ${file} again`,
      };
  }
}
