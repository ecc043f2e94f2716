import { Field, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: 'Sessions are over, wherever their sockets are.' })
export class SessionsEnded {
  @Field(() => Int, { description: 'Those that were live and are over now.' })
  readonly sessionsEnded: number;

  constructor(sessionsEnded: number) {
    this.sessionsEnded = sessionsEnded;
  }
}
