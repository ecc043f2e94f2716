/** What a client asks of the product. */
export type OperationKind =
  | 'signUp'
  | 'signIn'
  | 'sendCode'
  | 'verifyCode'
  | 'startTwoStepSetup'
  | 'enableTwoStep'
  | 'disableTwoStep'
  | 'requestPasswordReset'
  | 'resetPassword'
  | 'changePassword'
  | 'removeDevice'
  | 'denyLoginRequest'
  | 'acknowledgeLoginRequest'
  | 'signOut'
  | 'signOutOtherSessions'
  | 'viewer';

/**
 * What became of an operation as its client saw it: `unknown` where no answer came, or one that only says that something
 * went wrong: it may or may not have happened, and may still happen.
 */
export type OperationOutcome = 'ok' | 'refused' | 'unknown';

/** An operation from its invocation to its answer. Times are milliseconds since 1970, by the clock of the machine. */
export interface Operation {
  readonly kind: OperationKind;
  readonly email: string;
  /** The name that the device goes by. */
  readonly deviceName: string;
  readonly invokedAt: number;
  readonly answeredAt: number;
  readonly outcome: OperationOutcome;
  readonly sent: Sent;
  readonly got: Got;
}

/** What an operation carried. */
export interface Sent {
  /** The hash of the session token without which it would be refused. */
  readonly session?: string;
  readonly challengeId?: string;
  readonly code?: string;
  readonly password?: string;
  readonly newPassword?: string;
  /** The device that is to be removed. */
  readonly deviceId?: string;
  readonly signsOutOthers?: boolean;
}

/** What an operation was answered. */
export interface Got {
  /** The member of the result union, the code of an error, or what cut the answer off. */
  readonly answer: string;
  /** The hash of the session token that was issued. */
  readonly session?: string;
  readonly deviceId?: string;
  readonly challengeId?: string;
  /** The challenge's state, where the answer tells it. */
  readonly state?: string;
  readonly sessionsEnded?: number;
}

/** A socket on which a trusted device listens for live codes. */
export interface ListeningSocket {
  readonly email: string;
  readonly deviceName: string;
  /** The hash of its session's token. */
  readonly session: string;
  readonly openedAt: number;
  /** Null while it is open. */
  closedAt: number | null;
  closeCode: number | null;
  readonly events: RequestEvent[];
}

/** A login request that arrived on a socket. */
export interface RequestEvent {
  readonly at: number;
  readonly challengeId: string;
  readonly state: string;
  readonly code: string | null;
}

/** What somebody who follows a challenge has seen of it, over all the connections that it took. */
export interface Watch {
  readonly challengeId: string;
  readonly states: string[];
  /** Whether the server completed the stream. */
  isCompleted: boolean;
}

/** One try of a worker to hand a mail over. */
export interface MailAttempt {
  readonly at: number;
  readonly to: string;
  /** Of the delivery, as the Message-ID has it. */
  readonly deliveryId: string;
  readonly code: string | null;
  readonly isTaken: boolean;
}

/** What was done to the system, and how long it lasted. */
export interface InjectedFault {
  readonly kind: string;
  /** Which process, or how long it was meant to last. */
  what: string;
  readonly from: number;
  /** Infinity until it is over. */
  to: number;
}

/** How a process ended that nobody had killed. */
export interface Exit {
  readonly process: string;
  readonly at: number;
  /** Whether it had been told to stop. */
  readonly wasAsked: boolean;
  /** Null where a signal ended it. */
  readonly code: number | null;
  /** From the signal until the end. */
  readonly afterMs: number;
  /** The end of its log. */
  readonly lastWords: string;
}

/** All that was seen from outside. */
export interface History {
  readonly operations: readonly Operation[];
  readonly sockets: readonly ListeningSocket[];
  readonly watches: readonly Watch[];
  readonly mails: readonly MailAttempt[];
  readonly faults: readonly InjectedFault[];
  readonly exits: readonly Exit[];
}

/** What is noted of it while it goes on; the mails are with the mail server. */
export class Recorder implements Omit<History, 'mails'> {
  readonly operations: Operation[] = [];
  readonly sockets: ListeningSocket[] = [];
  readonly watches: Watch[] = [];
  readonly faults: InjectedFault[] = [];
  readonly exits: Exit[] = [];
}
