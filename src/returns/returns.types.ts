import { createUnionType, ObjectType } from 'type-graphql';
import { Problem, type Text } from '../api/problem.js';
import { LiveSession } from '../sessions/live-session.types.js';

@ObjectType({
  implements: Problem,
  description: "Wrong, used, too late, another client's or another state's, or its session is over: not told apart.",
})
export class ReturnVoid extends Problem {
  protected readonly text: Text = { key: 'problem.ReturnVoid' };
}

export const RedeemReturnResult = createUnionType({
  name: 'RedeemReturnResult',
  types: () => [LiveSession, ReturnVoid] as const,
});
