import { ObjectType } from 'type-graphql';
import { Problem, type Text } from '../api/problem.js';

@ObjectType({ implements: Problem, description: 'There is nothing to turn on.' })
export class TwoStepAlreadyEnabled extends Problem {
  protected readonly text: Text = { key: 'problem.TwoStepAlreadyEnabled' };
}
