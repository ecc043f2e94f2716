import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A certificate and its key, as files. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** Certificates made for one test, each by an authority of its own or by one made before. */
export class Certificates implements Disposable {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'doorstep-certificates-'));
  private count = 0;

  /** An authority that nobody else knows. */
  authority(): Certificate {
    return this.make('an authority', ['-addext', 'basicConstraints=critical,CA:TRUE']);
  }

  /**
   * @param names as in subjectAltName, such as `DNS:localhost,IP:127.0.0.1`
   * @param authority who signs it; it signs itself where there is none
   */
  server(names: string, authority?: Certificate): Certificate {
    const signed = authority ? ['-CA', authority.certFile, '-CAkey', authority.keyFile] : [];
    return this.make('a server', ['-addext', `subjectAltName=${names}`, ...signed]);
  }

  /** What a client shows of itself. @param name its CN, which PostgreSQL takes for the user's */
  client(name: string, authority: Certificate): Certificate {
    return this.make(name, ['-CA', authority.certFile, '-CAkey', authority.keyFile]);
  }

  private make(name: string, options: readonly string[]): Certificate {
    const file = path.join(this.folder, String(this.count++));
    const [certFile, keyFile] = [`${file}.crt`, `${file}.key`];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile];
    execFileSync(
      'openssl',
      ['req', '-x509', ...key, '-days', '2', '-subj', `/CN=${name}`, '-out', certFile, ...options],
      {
        stdio: 'pipe',
      },
    );
    return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
