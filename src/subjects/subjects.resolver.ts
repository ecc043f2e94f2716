import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { type BackendContext, requireScope } from '../api/caller.js';
import { Person } from '../people/person.types.js';
import { SubjectDeletion, SubjectInput } from './subject.types.js';
import type { SubjectDeletions } from './subject-deletions.js';
import type { Subjects } from './subjects.js';

@Resolver()
export class SubjectsResolver {
  constructor(
    private readonly subjects: Subjects,
    private readonly deletions: SubjectDeletions,
  ) {}

  @Mutation(() => Person, {
    description:
      'A user that you hold yourself, by your own id: created, or changed. While two-step is on, another address is pending: codes go on by APP or to the old one until RESET_HOLD_HOURS passed without a veto (old mailbox, trusted device) and a code mailed to the new one was typed. The address that is in force takes a pending one back. FORBIDDEN while its deletion waits, and for EVENTS_DAYS after; RATE_LIMITED past ADDRESS_CHANGES_DAY. Scope people.',
  })
  async putSubject(
    @Ctx() context: BackendContext,
    @Arg('input', () => SubjectInput) input: SubjectInput,
  ): Promise<Person> {
    return new Person(await this.subjects.put(requireScope(context, 'people'), input));
  }

  @Mutation(() => SubjectDeletion, {
    description:
      'Everything of the subject goes. While two-step is on it waits for RESET_HOLD_HOURS, told by mail and open to a veto; until then, and for EVENTS_DAYS after, `startVerification` for the id is an error, never UnknownSubject. Scope people.',
  })
  deleteSubject(
    @Ctx() context: BackendContext,
    @Arg('externalId', () => ID) externalId: string,
  ): Promise<SubjectDeletion> {
    return this.deletions.ask(requireScope(context, 'people'), externalId);
  }
}
