import type { CombinedError } from '@urql/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { faultyField } from '../api/faults.ts';
import { useFault } from '../session/use-fault.ts';

/** What is wrong with the fields of a form. */
interface FieldFaults {
  readonly email: string | null;
  readonly password: string | null;
}

const none: FieldFaults = { email: null, password: null };

/** What may be filled in wrong at the door. */
export interface DoorValues {
  readonly email: string;
  /** Not given where none is asked for. */
  readonly password?: string;
}

/** What is wrong with the form of a door: seen before anything is sent, or said by the server. */
export function useFormFaults() {
  const { t } = useTranslation('signIn');
  const [faults, setFaults] = useState(none);
  /** What is wrong with no field, or with all of it. */
  const whole = useFault();
  return {
    faults,
    whole: whole.fault,
    /** Whether what was filled in is worth sending; if not, each field says what it lacks. */
    check({ email, password }: DoorValues): boolean {
      const found: FieldFaults = {
        email: email.trim() === '' ? t('missing.email') : /^\S+@\S+$/.test(email.trim()) ? null : t('wrong.email'),
        password: password === '' ? t('missing.password') : null,
      };
      setFaults(found);
      whole.say(null);
      return !found.email && !found.password;
    },
    /** Shows an error of the server at the field that it is about, else at the form. */
    refuse(error: CombinedError): void {
      const isOfEmail = faultyField(error) === 'email';
      setFaults(isOfEmail ? { ...none, email: t('wrong.email') } : none);
      if (!isOfEmail) whole.refuse(error);
    },
    /** Shows a refusal of the server, which says itself what is to be done; null where there is none any more. */
    say(refusal: string | null): void {
      setFaults(none);
      whole.say(refusal);
    },
  };
}
