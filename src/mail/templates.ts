import { locales, type Texts } from '../texts/texts.js';
import type { AskedAction, CodeMail, HeldChangeMail, NoticeMail } from './mail-data.js';
import { type MailView, MailViews, type Reader, Voice } from './mail-views.js';
import { sampleCodeMails, sampleHeldChanges, sampleNotices } from './sample-mails.js';
import { TemplateFiles } from './template-files.js';

/** A mail in words: all but the address that it comes from, its recipient and its id. */
export interface RenderedMail {
  /** Who it comes from, where that is not as for everybody. */
  readonly senderName: string | null;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** How mails are made. */
export interface MailTemplateOptions {
  /** A folder whose `.eta` files stand in for those of `templates/mail`, by name; null: ours alone. */
  readonly overrideFolder: string | null;
  /** Where people turn with questions, as text; null leaves the line out. */
  readonly supportContact: string | null;
}

/**
 * Writes mails from templates, each as plain text and as HTML. A template is an Eta file that is given a `MailView` as
 * `it`, `code` a `CodeMailView`. Templates are code: they run with the rights of the server.
 */
export class MailTemplates {
  private readonly views: MailViews;
  private readonly html: TemplateFiles;
  private readonly text: TemplateFiles;

  /** @throws if a template cannot be read or parsed, prints what is not there, or loses the code or what it stands for */
  constructor(
    private readonly texts: Texts,
    { overrideFolder, supportContact }: MailTemplateOptions,
  ) {
    this.views = new MailViews(texts, supportContact);
    this.html = new TemplateFiles('html', overrideFolder);
    this.text = new TemplateFiles('text', overrideFolder);
    this.tryAll();
  }

  /** A mail that carries a code or, for SIGN_UP_TAKEN, says why it does not. */
  code(mail: CodeMail): RenderedMail {
    return { ...this.head(mail, `mail.codes.${mail.kind}`), ...this.render('code', this.views.code(mail)) };
  }

  /** A mail that tells of something that happened to the account. */
  notice(mail: NoticeMail): RenderedMail {
    return { ...this.head(mail, `mail.notices.${mail.kind}`), ...this.render('notice', this.views.notice(mail)) };
  }

  /** A mail that tells of a change which waits, with the code that stops it. */
  held(mail: HeldChangeMail): RenderedMail {
    return { ...this.head(mail, `mail.held.${mail.kind}`), ...this.render('code', this.views.held(mail)) };
  }

  private head(
    reader: Reader,
    key:
      | `mail.codes.${CodeMail['kind']}`
      | `mail.notices.${NoticeMail['kind']}`
      | `mail.held.${HeldChangeMail['kind']}`,
  ): Pick<RenderedMail, 'subject' | 'senderName'> {
    const subject = new Voice(this.texts, reader).t(`${key}.subject`);
    return { subject, senderName: reader.brand?.senderName ?? reader.brand?.productName ?? null };
  }

  private render(template: 'code' | 'notice', view: MailView): Pick<RenderedMail, 'text' | 'html'> {
    return { text: this.text.render(template, view), html: this.html.render(template, view) };
  }

  /** Better no start than, weeks later, a person without a code. From here on all templates are in memory. */
  private tryAll(): void {
    for (const locale of locales) {
      for (const notice of sampleNotices(locale)) this.notice(notice);
      for (const mail of sampleCodeMails(locale)) {
        const rendered = this.code(mail);
        if (mail.code) requireCode(rendered, mail.code);
        if (mail.action) this.requireAction(rendered, mail.action);
      }
      for (const mail of sampleHeldChanges(locale)) requireCode(this.held(mail), mail.code);
    }
  }

  /** A code must not leave without what it stands for. */
  private requireAction({ text, html }: RenderedMail, { client, title, fields }: AskedAction): void {
    for (const part of [client, title, ...fields.flatMap(({ label, value }) => [label, value])]) {
      if (!text.includes(part)) throw new Error('code.text.eta must print all of `it.action` word for word');
      const escaped = this.html.config.escapeFunction(part);
      if (!html.includes(escaped)) throw new Error('code.html.eta must print all of `it.action` word for word');
    }
  }
}

function requireCode({ text, html }: RenderedMail, code: string): void {
  if (!text.split('\n').includes(code)) throw new Error('code.text.eta must print the code alone on a line');
  if (!html.includes(code)) throw new Error('code.html.eta must print the code as one run of digits');
}
