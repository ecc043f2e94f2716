import type { Texts, TextValues } from '../texts/texts.js';
import { instantText } from '../texts/times.js';
import type { AskedAction, CodeMail, NoticeKind, NoticeMail } from './mail-data.js';
import { quotedName } from './quoted-name.js';

/** One line of what is known about a request or an event. */
interface Fact {
  readonly label: string;
  readonly value: string;
}

/** What a template is given as `it`: texts in the reader's language, not yet escaped. */
export interface MailView {
  readonly locale: string;
  readonly productName: string;
  readonly title: string;
  readonly intro: string;
  /** What stands between a label and its value. */
  readonly colon: string;
  readonly factsTitle: string;
  readonly facts: readonly Fact[];
  readonly adviceTitle: string;
  readonly advice: readonly string[];
  readonly footer: readonly string[];
}

/** What a code mail's template is given besides. */
export interface CodeMailView extends MailView {
  /** Null where the mail carries no code. */
  readonly code: { readonly label: string; readonly digits: string; readonly notes: readonly string[] } | null;
  /** What the code stands for, word for word, behind who asks for it; null where it stands for nothing else. */
  readonly action: { readonly asks: string; readonly title: string; readonly fields: readonly Fact[] } | null;
}

/** Says a mail in its reader's language. */
export class MailViews {
  constructor(
    private readonly texts: Texts,
    private readonly supportContact: string | null,
  ) {}

  code(mail: CodeMail): CodeMailView {
    const { locale, kind } = mail;
    const { texts } = this;
    const isAskerProven = !openKinds.has(kind);
    const client = mail.action?.client;
    const advice = texts.list(locale, `mail.codes.${kind}.ifNotYou`, client === undefined ? {} : { client });
    return {
      ...this.frame(locale, `mail.codes.${kind}`),
      // Before a proven account a mail carries no text of the asker: it would be a free way to write to strangers.
      facts: this.facts(
        isAskerProven
          ? { ...mail, occurredAt: mail.requestedAt }
          : { ...mail, deviceName: null, ipAddress: null, occurredAt: null },
      ),
      adviceTitle: texts.t(locale, 'mail.parts.ifNotYou'),
      // Who asks for something to be confirmed has a session: another password would not end it.
      advice: isAskerProven && !mail.action ? [...advice, ...texts.list(locale, 'mail.parts.changePassword')] : advice,
      code: kind === 'SIGN_UP_TAKEN' ? null : this.codeBlock(mail, mail.code),
      action: mail.action ? this.actionBlock(locale, mail.action) : null,
    };
  }

  private actionBlock(locale: CodeMail['locale'], { client, title, fields }: AskedAction): CodeMailView['action'] {
    return { asks: this.texts.t(locale, 'mail.parts.asks', { client }), title, fields };
  }

  notice(mail: NoticeMail): MailView {
    const { locale, kind } = mail;
    const { texts } = this;
    const advice = texts.list(locale, `mail.notices.${kind}.advice`);
    return {
      ...this.frame(locale, `mail.notices.${kind}`, { count: mail.more ?? 1 }),
      facts: this.facts(mail),
      adviceTitle: texts.t(locale, happenedToYou.has(kind) ? 'mail.parts.whatToDo' : 'mail.parts.ifNotYou'),
      advice: mendedByReset.has(kind) ? advice : [...advice, ...texts.list(locale, 'mail.parts.changePassword')],
    };
  }

  private frame(
    locale: CodeMail['locale'],
    key: `mail.codes.${CodeMail['kind']}` | `mail.notices.${NoticeKind}`,
    values: TextValues = {},
  ) {
    const { texts, supportContact } = this;
    return {
      locale,
      productName: texts.productName,
      title: texts.t(locale, `${key}.title`),
      intro: texts.t(locale, `${key}.intro`, values),
      colon: texts.t(locale, 'mail.parts.colon'),
      factsTitle: texts.t(locale, 'mail.parts.facts'),
      footer: [
        texts.t(locale, 'mail.parts.automatic'),
        ...(supportContact ? [texts.t(locale, 'mail.parts.support', { supportContact })] : []),
      ],
    };
  }

  private codeBlock({ locale, requestedAt, expiresAt }: CodeMail, digits: string): CodeMailView['code'] {
    const minutes = Math.max(1, Math.round((expiresAt.getTime() - requestedAt.getTime()) / 60_000));
    return {
      label: this.texts.t(locale, 'mail.parts.yourCode'),
      digits,
      notes: [
        this.texts.t(locale, 'mail.parts.valid', { count: minutes, expiresAt }),
        this.texts.t(locale, 'mail.parts.neverAsked'),
      ],
    };
  }

  private facts(known: Omit<NoticeMail, 'kind'>): Fact[] {
    const { locale, deviceName, platform, place, ipAddress, occurredAt } = known;
    const values = {
      device: deviceName && quotedName(deviceName, locale),
      platform: platform && this.texts.t(locale, `platform.${platform}`),
      place,
      ipAddress,
      time: occurredAt && instantText(occurredAt, locale),
    };
    return factNames.flatMap((name) => {
      const value = values[name];
      return value ? [{ label: this.texts.t(locale, `mail.facts.${name}`), value }] : [];
    });
  }
}

const factNames = ['device', 'platform', 'place', 'ipAddress', 'time'] as const;

// Asked for by whoever knows the address.
const openKinds: ReadonlySet<CodeMail['kind']> = new Set(['SIGN_UP', 'SIGN_UP_TAKEN', 'RESET_PASSWORD']);

// That the reader did not do these is known already.
const happenedToYou: ReadonlySet<NoticeKind> = new Set(['LOGIN_DENIED', 'COPIED_TOKEN']);

// The reader may no longer know the password: the way back is a reset, as the advice of these says itself.
const mendedByReset: ReadonlySet<NoticeKind> = new Set(['PASSWORD_CHANGED', 'PASSWORD_RESET', 'TWO_STEP_ENABLED']);
