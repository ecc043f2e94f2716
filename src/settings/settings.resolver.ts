import { Query, Resolver } from 'type-graphql';
import { Settings } from './settings.types.js';

@Resolver()
export class SettingsResolver {
  constructor(private readonly known: Settings) {}

  @Query(() => Settings, { description: 'What a client has to know before anything else.' })
  settings(): Settings {
    return this.known;
  }
}
