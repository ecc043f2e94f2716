import { Arg, Ctx, Field, ID, Mutation, ObjectType, Resolver } from 'type-graphql';
import { type Context, requireSession } from '../api/context.js';
import type { SupportReportRow } from './support-report.entity.js';
import type { SupportReports } from './support-reports.js';

@ObjectType({ description: 'What a person sends to support when codes do not arrive.' })
export class SupportReport {
  @Field(() => ID, { description: 'Support finds the report by it.' })
  readonly id: string;
  @Field(() => Date)
  readonly createdAt: Date;
  @Field(() => String, { description: 'Plain text, ready to paste.' })
  readonly text: string;

  constructor(row: SupportReportRow) {
    this.id = row.id;
    this.createdAt = row.createdAt;
    this.text = row.text;
  }
}

@Resolver()
export class SupportResolver {
  constructor(private readonly reports: SupportReports) {}

  @Mutation(() => SupportReport, {
    description:
      'What a person sends to support when codes do not arrive; holds no secret and is kept, so that support finds it by its id. With a session, or with the token of a challenge whose password was proven (the stuck person has no session; the text then tells only of this challenge and this device).',
  })
  async createSupportReport(
    @Ctx() context: Context,
    @Arg('challengeToken', () => String, { nullable: true }) challengeToken?: string | null,
  ): Promise<SupportReport> {
    const report = challengeToken
      ? await this.reports.ofChallenge(context.db, challengeToken)
      : await this.reports.ofAccount(requireSession(context));
    return new SupportReport(report);
  }
}
