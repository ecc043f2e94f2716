import type { Context } from '../api/context.js';
import { CHECK_VALID_MS, liveStream, msToNextLook, msUntilOver } from '../api/live.js';
import { Alarm, type Bus } from '../bus/bus.js';
import type { Limits } from '../config/limits.js';
import type { Session, Sessions } from '../sessions/sessions.js';
import { LoginRequest } from './login-request.types.js';
import type { LoginRequests, LoginRequestView } from './login-requests.js';

/** The live codes: what a trusted device is sent for as long as it listens. */
export class LoginRequestStream {
  constructor(
    private readonly bus: Bus,
    private readonly requests: LoginRequests,
    private readonly sessions: Sessions,
    private readonly limits: Limits,
  ) {}

  /**
   * Every request whose time is not over, then each new one, and each again when its state changes or its code is sent
   * again. It completes when the device is trusted no more.
   * @throws Unauthenticated, Forbidden
   */
  async open(context: Context): Promise<AsyncIterableIterator<LoginRequest>> {
    const session = await this.requests.requireTrusted(context.db, context.session);
    const alarm = new Alarm(this.bus, [`account:${session.accountId}`]);
    return liveStream(alarm, this.events(context, session, alarm));
  }

  private async *events(context: Context, session: Session, alarm: Alarm): AsyncGenerator<LoginRequest> {
    const unsubscribed = context.socket?.subscribed();
    const told = new Map<string, LoginRequestView>();
    try {
      while (!alarm.isOver) {
        const db = context.db;
        const readAt = performance.now();
        const requests = await this.requests.inTime(db, session);
        const gone = [...told.keys()].filter((id) => !requests.some(({ row }) => row.id === id));
        requests.push(...(await this.requests.byId(db, session, gone)));
        const standing = await this.sessions.standing(db, session);
        if (standing === 'OVER') context.socket?.endSession();
        if (standing === 'OVER' || standing === 'UNTRUSTED' || alarm.isOver) return;
        if (standing === 'RENEWED') {
          // Nothing more is told here, but the client's subscription goes on when its socket comes back.
          await alarm.wait(msToNextLook(this.bus, this.limits));
          continue;
        }
        for (const request of requests.filter((candidate) => isNews(candidate, told.get(candidate.row.id)))) {
          // Whoever reads slowly is checked again: the device may have been removed since.
          if (performance.now() - readAt > CHECK_VALID_MS) break;
          told.set(request.row.id, request);
          yield new LoginRequest(request);
          // Resumed: it was written to the socket.
          if (request.code !== null) await this.requests.noteShown(context.db, session, request.row.id);
        }
        for (const id of gone) told.delete(id);
        if (performance.now() - readAt <= CHECK_VALID_MS) await alarm.wait(this.msToNextLook(requests));
      }
    } finally {
      alarm[Symbol.dispose]();
      unsubscribed?.();
    }
  }

  private msToNextLook(requests: readonly LoginRequestView[]): number {
    const ends = requests.filter(({ state }) => state === 'PENDING').map(({ msLeft }) => msUntilOver(msLeft));
    return Math.min(msToNextLook(this.bus, this.limits), ...ends);
  }
}

function isNews(request: LoginRequestView, told: LoginRequestView | undefined): boolean {
  if (!told) return true;
  return request.state !== told.state || request.row.lastAppSendAt?.getTime() !== told.row.lastAppSendAt?.getTime();
}
