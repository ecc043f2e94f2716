import type { ListKey, TextKey, Texts, TextValues } from '../texts/texts.js';
import { instantText } from '../texts/times.js';
import type { AskedAction, CodeMail, HeldChangeMail, NoticeKind, NoticeMail } from './mail-data.js';
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

/** Whom a mail is for. */
export type Reader = Pick<CodeMail, 'locale' | 'brand'>;

/** Says texts in the language of one reader, to whom the product has one name. */
export class Voice {
  readonly productName: string;

  constructor(
    private readonly texts: Texts,
    private readonly reader: Reader,
  ) {
    this.productName = reader.brand?.productName ?? texts.productName;
  }

  t(key: TextKey, values: TextValues = {}): string {
    return this.texts.t(this.reader.locale, key, { productName: this.productName, ...values });
  }

  list(key: ListKey, values: TextValues = {}): string[] {
    return this.texts.list(this.reader.locale, key, { productName: this.productName, ...values });
  }
}

/** Says a mail in its reader's language. */
export class MailViews {
  constructor(
    private readonly texts: Texts,
    private readonly supportContact: string | null,
  ) {}

  code(mail: CodeMail): CodeMailView {
    const { kind } = mail;
    const voice = new Voice(this.texts, mail);
    // Of a subject nobody may have proven the address before two-step verification is turned on.
    const isAskerProven = !openKinds.has(kind) && !(mail.brand && kind === 'ENABLE_TWO_STEP');
    const client = mail.action?.client;
    const advice = voice.list(`mail.codes.${kind}.ifNotYou`, client === undefined ? {} : { client });
    return {
      ...this.frame(mail, `mail.codes.${kind}`),
      // Before a proven account a mail carries no text of the asker: it would be a free way to write to strangers.
      facts: this.facts(
        isAskerProven
          ? { ...mail, occurredAt: mail.requestedAt }
          : { ...mail, deviceName: null, ipAddress: null, occurredAt: null },
      ),
      adviceTitle: voice.t('mail.parts.ifNotYou'),
      // Who asks for something to be confirmed has a session: another password would not end it.
      advice: isAskerProven && !mail.action ? [...advice, ...this.changePassword(mail)] : advice,
      code: kind === 'SIGN_UP_TAKEN' ? null : this.codeBlock(mail, mail.code),
      action: mail.action ? this.actionBlock(mail.locale, mail.action) : null,
    };
  }

  private actionBlock(locale: CodeMail['locale'], { client, title, fields }: AskedAction): CodeMailView['action'] {
    return { asks: this.texts.t(locale, 'mail.parts.asks', { client }), title, fields };
  }

  notice(mail: NoticeMail): MailView {
    const { kind } = mail;
    const voice = new Voice(this.texts, mail);
    const advice = voice.list(`mail.notices.${kind}.advice`);
    return {
      ...this.frame(mail, `mail.notices.${kind}`, { count: mail.more ?? 1 }),
      facts: this.facts(mail),
      adviceTitle: voice.t(happenedToYou.has(kind) ? 'mail.parts.whatToDo' : 'mail.parts.ifNotYou'),
      advice: mendedElsewhere.has(kind) ? advice : [...advice, ...this.changePassword(mail)],
    };
  }

  /** A change that waits, and the code that stops it. Nothing in it is a link: what a mail program follows by itself stops nothing. */
  held(mail: HeldChangeMail): CodeMailView {
    const voice = new Voice(this.texts, mail);
    const waitsUntil = instantText(mail.waitsUntil, mail.locale);
    return {
      ...this.frame({ ...mail, brand: mail.brand && { ...mail.brand, link: null } }, `mail.held.${mail.kind}`, {
        waitsUntil,
      }),
      facts: [],
      adviceTitle: voice.t('mail.parts.ifNotYou'),
      advice: [
        voice.t('mail.held.howTo', { page: mail.page }),
        voice.t('mail.held.trusted'),
        voice.t('mail.held.tellProduct'),
      ],
      code: { label: voice.t('mail.held.codeLabel'), digits: mail.code, notes: [] },
      action: null,
    };
  }

  private frame(
    reader: Reader,
    key: `mail.codes.${CodeMail['kind']}` | `mail.notices.${NoticeKind}` | `mail.held.${HeldChangeMail['kind']}`,
    values: TextValues = {},
  ) {
    const { texts, supportContact } = this;
    const voice = new Voice(texts, reader);
    const link = reader.brand?.link;
    return {
      locale: reader.locale,
      productName: voice.productName,
      title: voice.t(`${key}.title`),
      intro: voice.t(`${key}.intro`, values),
      colon: voice.t('mail.parts.colon'),
      factsTitle: voice.t('mail.parts.facts'),
      footer: [
        ...(link ? [link] : []),
        voice.t('mail.parts.automatic'),
        ...(supportContact ? [voice.t('mail.parts.support', { supportContact })] : []),
      ],
    };
  }

  /** Where the password is changed: here, or at the product that holds the account. */
  private changePassword(reader: Reader): string[] {
    const voice = new Voice(this.texts, reader);
    return voice.list(reader.brand ? 'mail.parts.changePasswordThere' : 'mail.parts.changePassword');
  }

  private codeBlock(mail: CodeMail, digits: string): CodeMailView['code'] {
    const { requestedAt, expiresAt } = mail;
    const voice = new Voice(this.texts, mail);
    const minutes = Math.max(1, Math.round((expiresAt.getTime() - requestedAt.getTime()) / 60_000));
    return {
      label: voice.t('mail.parts.yourCode'),
      digits,
      notes: [voice.t('mail.parts.valid', { count: minutes, expiresAt }), voice.t('mail.parts.neverAsked')],
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

// Asked for by whoever knows the address, or says that it is theirs.
const openKinds: ReadonlySet<CodeMail['kind']> = new Set([
  'SIGN_UP',
  'SIGN_UP_TAKEN',
  'RESET_PASSWORD',
  'PROVE_ADDRESS',
]);

// That the reader did not do these is known already.
const happenedToYou: ReadonlySet<NoticeKind> = new Set(['LOGIN_DENIED', 'COPIED_TOKEN']);

// Another password is not what helps: the reader may no longer know it, or it was not needed for that.
const mendedElsewhere: ReadonlySet<NoticeKind> = new Set([
  'PASSWORD_CHANGED',
  'PASSWORD_RESET',
  'TWO_STEP_ENABLED',
  'ADDRESS_CHANGED',
]);
