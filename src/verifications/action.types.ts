import { Field, InputType, ObjectType } from 'type-graphql';
import type { ActionText } from '../api/action-text.js';

@InputType()
export class ActionFieldInput {
  @Field(() => String, { description: '1 to 32 characters.' })
  label!: string;
  @Field(() => String, { description: '1 to 64 characters.' })
  value!: string;
}

@InputType({
  description:
    "Shown on the trusted device and in the mail, word for word, framed as '<client> asks'. Normalised to NFC; control, bidirectional, invisible and line-break characters, runs of blanks and stacked marks are refused; nothing in it is linked.",
})
export class ActionInput {
  @Field(() => String, { description: '1 to 80 characters.' })
  title!: string;
  @Field(() => [ActionFieldInput], { description: 'At most 5.' })
  fields!: ActionFieldInput[];
}

@ObjectType()
export class ActionField {
  @Field(() => String)
  readonly label: string;
  @Field(() => String)
  readonly value: string;

  constructor({ label, value }: ActionText['fields'][number]) {
    this.label = label;
    this.value = value;
  }
}

@ObjectType({ description: 'What a code stands for, word for word.' })
export class Action {
  @Field(() => String)
  readonly title: string;
  @Field(() => [ActionField])
  readonly fields: readonly ActionField[];

  constructor({ title, fields }: ActionText) {
    this.title = title;
    this.fields = fields.map((field) => new ActionField(field));
  }
}
