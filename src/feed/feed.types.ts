import { randomUUID } from 'node:crypto';
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { enumOf } from '../api/enums.js';
import { promptIdOf, promptKindOf } from '../challenges/prompt-kinds.js';
import { VerificationPurpose, type VerificationPurposeName } from '../challenges/verification-purpose.js';
import { type EventTypeName, eventTypes } from '../events/event.entity.js';
import { cursorOf, type Place } from './cursors.js';
import type { NumberedEvent } from './feed-log.js';

export const EventType = enumOf(['HEARTBEAT', ...eventTypes]);
registerEnumType(EventType, { name: 'EventType', description: 'What an event tells of.' });

/** What a heartbeat has of an event: nothing but its place. */
const nothing = {
  accountId: null,
  externalId: null,
  sessionId: null,
  deviceId: null,
  deviceIds: null,
  promptId: null,
  requestId: null,
  purpose: null,
  expiresAt: null,
};

@ObjectType('Event', { description: 'Something that happened to one of your people.' })
export class FeedEvent {
  @Field(() => ID, { description: 'Unique, and the webhook-id of a webhook: drop repeats.' })
  readonly id: string;
  @Field(() => ID, {
    description: 'For `after`. It names this database, so that one of a restored copy is CURSOR_LOST.',
  })
  readonly cursor: string;
  @Field(() => EventType)
  readonly type: EventTypeName | 'HEARTBEAT';
  @Field(() => Date)
  readonly occurredAt: Date;
  @Field(() => ID, { nullable: true, description: 'Null in a heartbeat.' })
  readonly accountId: string | null;
  @Field(() => ID, { nullable: true, description: 'Your id, where the account is a subject of yours.' })
  readonly externalId: string | null;
  @Field(() => ID, {
    nullable: true,
    description:
      'Every session that ends has an event of its own, whatever ended it; only what lapses unused has none.',
  })
  readonly sessionId: string | null;
  @Field(() => ID, { nullable: true })
  readonly deviceId: string | null;
  @Field(() => [ID], {
    nullable: true,
    description:
      'LOGIN_REQUESTED, CONFIRMATION_REQUESTED: the devices that may show the code, to wake them; CODE_OVER: to take it down.',
  })
  readonly deviceIds: readonly string[] | null;
  @Field(() => ID, { nullable: true, description: 'LoginRequest.id or Confirmation.id of the public API.' })
  readonly promptId: string | null;
  @Field(() => ID, { nullable: true, description: 'Of a verification that you started.' })
  readonly requestId: string | null;
  @Field(() => VerificationPurpose, { nullable: true })
  readonly purpose: VerificationPurposeName | null;
  @Field(() => Date, {
    nullable: true,
    description: 'SESSION_STARTED: when it lapses if it is not used; LOGIN_REQUESTED and its like: when the code ends.',
  })
  readonly expiresAt: Date | null;

  private constructor(
    readonly place: Place,
    event: Pick<FeedEvent, 'id' | 'type' | 'occurredAt'> & { readonly [Name in keyof typeof nothing]?: unknown },
  ) {
    this.cursor = cursorOf(place);
    const { id, type, occurredAt } = event;
    this.id = id;
    this.type = type;
    this.occurredAt = occurredAt;
    const told = { ...nothing, ...event } as Pick<FeedEvent, keyof typeof nothing>;
    this.accountId = told.accountId;
    this.externalId = told.externalId;
    this.sessionId = told.sessionId;
    this.deviceId = told.deviceId;
    this.deviceIds = told.deviceIds;
    this.promptId = told.promptId;
    this.requestId = told.requestId;
    this.purpose = told.purpose;
    this.expiresAt = told.expiresAt;
  }

  static of(event: NumberedEvent, database: string): FeedEvent {
    const place = { database, number: event.number, eventId: event.id };
    const { promptId } = event;
    const purpose = event.purpose as VerificationPurposeName | null | undefined;
    // Where no backend asked it was a sign-in.
    const kind = purpose ? promptKindOf(purpose) : 'LOGIN_REQUEST';
    return new FeedEvent(place, { ...event, promptId: promptId && kind ? promptIdOf(kind, promptId) : null });
  }

  /** Says that all before the place was sent. */
  static heartbeat(place: Place, at: Date): FeedEvent {
    return new FeedEvent(place, { id: randomUUID(), type: 'HEARTBEAT', occurredAt: at });
  }
}

@ObjectType({ description: 'A part of the feed.' })
export class EventPage {
  @Field(() => [FeedEvent])
  readonly events: readonly FeedEvent[];
  @Field(() => ID, { description: 'For the next call, also where there were none.' })
  readonly cursor: string;
  @Field(() => Boolean)
  readonly hasMore: boolean;

  constructor(events: readonly FeedEvent[], place: Place, hasMore: boolean) {
    this.events = events;
    this.cursor = cursorOf(place);
    this.hasMore = hasMore;
  }
}
