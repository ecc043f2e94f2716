/** The options that `SMTP_URL` may carry in its query, besides any `tls.*` of `tls.connect`; nodemailer reads them. */
const queryOptions = [
  'requireTLS',
  'ignoreTLS',
  'name',
  'localAddress',
  'authMethod',
  'connectionTimeout',
  'greetingTimeout',
  'socketTimeout',
  'maxConnections',
  'maxMessages',
  'rateLimit',
  'rateDelta',
];

/** What of nodemailer's options follows from the URL itself. */
export interface SmtpUrl {
  readonly url: string;
  /** Whether to refuse a server without TLS; `requireTLS` in the URL has the last word. */
  readonly requireTLS: boolean;
}

/**
 * Reads `SMTP_URL`: `smtp://user:password@host:port?option=value`, or `smtps://` for TLS from the first byte.
 *
 * On `smtp://` the connection turns to TLS where the server offers it (STARTTLS). `requireTLS=true` refuses one that
 * does not offer it, and is the default where the URL holds a password, which must not travel in clear because someone
 * on the way took the offer out. `ignoreTLS=true` never turns to TLS, with `requireTLS=false` where there is a password;
 * `tls.rejectUnauthorized=false` takes any certificate, `tls.servername=` names the one to expect. Timeouts are in ms.
 * @throws RangeError if an option is unknown: a misspelt `requireTLS` must not quietly mean no TLS, and nodemailer's
 *   `debug` and `logger` would write codes into the log
 */
export function readSmtpUrl(text: string): SmtpUrl {
  const url = new URL(text);
  for (const name of url.searchParams.keys()) {
    if (!queryOptions.includes(name) && !/^tls\.\w+$/.test(name)) {
      throw new RangeError(`has the unknown option '${name}'; known are ${queryOptions.join(', ')} and tls.*`);
    }
  }
  return { url: text, requireTLS: url.password !== '' };
}
