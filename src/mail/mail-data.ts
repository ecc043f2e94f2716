import type { ActionText } from '../api/action-text.js';
import type { Catalogue, Locale } from '../texts/texts.js';

/** What a mail about a challenge can be: a purpose, or the answer to a sign-up for an address that has an account. */
export const codeMailKinds = [
  'SIGN_IN',
  'SIGN_UP',
  'SIGN_UP_TAKEN',
  'ENABLE_TWO_STEP',
  'RESET_PASSWORD',
  'CONFIRM',
  'DISABLE_TWO_STEP',
  'PROVE_ADDRESS',
] as const;
type CodeMailKind = (typeof codeMailKinds)[number];

/** Those whose code stands for an action. */
type ConfirmationKind = 'CONFIRM' | 'DISABLE_TWO_STEP';

/** What a security notice can be about. */
export const noticeKinds = [
  'NEW_DEVICE',
  'NEW_DEVICES',
  'DEVICE_REMOVED',
  'PASSWORD_CHANGED',
  'PASSWORD_RESET',
  'TWO_STEP_ENABLED',
  'TWO_STEP_DISABLED',
  'LOGIN_DENIED',
  'COPIED_TOKEN',
  'WRONG_CODES',
  'CODES_TURNED_ON',
  'CODES_TURNED_OFF',
  'ADDRESS_CHANGED',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** The systems that a device can run, as the catalogue names them. */
export type PlatformKind = keyof Catalogue['platform'];

/** What a product tells its own people that it is; what is null is said as to everybody. */
export interface Brand {
  readonly productName: string | null;
  /** The name that its mails come from; the address is always ours. */
  readonly senderName: string | null;
  /** Where the product is. */
  readonly link: string | null;
}

/** Whom a mail is for. */
interface Reader {
  readonly locale: Locale;
  /** Of the product that holds the account; null where its owner opened it, and has a password here. */
  readonly brand: Brand | null;
}

/** Who asked for a code, and until when it is good. */
interface CodeRequest extends Reader {
  readonly platform: PlatformKind;
  /** For people, in their language. */
  readonly place: string;
  /** This and `ipAddress` are shown only where the account was proven first: not SIGN_UP and RESET_PASSWORD. */
  readonly deviceName: string;
  readonly ipAddress: string;
  readonly requestedAt: Date;
  readonly expiresAt: Date;
}

/** What a product's backend asks to be confirmed; its text is shown word for word. */
export interface AskedAction extends ActionText {
  /** What the product is called. */
  readonly client: string;
}

/** What a code mail is made of; SIGN_UP_TAKEN carries no code. */
export type CodeMail = CodeRequest &
  (
    | {
        readonly kind: Exclude<CodeMailKind, 'SIGN_UP_TAKEN' | ConfirmationKind>;
        readonly code: string;
        readonly action?: undefined;
      }
    | { readonly kind: ConfirmationKind; readonly code: string; readonly action: AskedAction }
    | { readonly kind: 'SIGN_UP_TAKEN'; readonly code?: undefined; readonly action?: undefined }
  );

/** What a security notice is made of; what is not known is null and left out. */
export interface NoticeMail extends Reader {
  readonly kind: NoticeKind;
  readonly deviceName: string | null;
  readonly platform: PlatformKind | null;
  /** For people, in their language. */
  readonly place: string | null;
  readonly ipAddress: string | null;
  readonly occurredAt: Date | null;
  /** NEW_DEVICES: how many have signed in of which no mail told. */
  readonly more?: number;
}

/** What is asked for somebody's account and waits, so that its owner can stop it. */
export const heldMailKinds = ['ADDRESS', 'DELETION'] as const;

/** What the mail is made of that tells of it. */
export interface HeldChangeMail extends Reader {
  readonly kind: (typeof heldMailKinds)[number];
  /** Stops it, typed at `page`. */
  readonly code: string;
  /** As a person types it; never a link. */
  readonly page: string;
  readonly waitsUntil: Date;
}
