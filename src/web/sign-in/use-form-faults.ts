import type { CombinedError } from '@urql/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { faultyField } from '../api/faults.ts';
import { useFaultText } from '../api/use-fault-text.ts';

/** What is wrong with a form. */
interface FormFaults {
  readonly email: string | null;
  readonly password: string | null;
  /** Of no field, or of all of it. */
  readonly whole: string | null;
}

const none: FormFaults = { email: null, password: null, whole: null };

/** What may be filled in wrong at the door. */
export interface DoorValues {
  readonly email: string;
  /** Not given where none is asked for. */
  readonly password?: string;
}

/** What is wrong with the form of a door: seen before anything is sent, or said by the server. */
export function useFormFaults() {
  const { t } = useTranslation('signIn');
  const faultText = useFaultText();
  const [faults, setFaults] = useState(none);
  return {
    faults,
    /** Whether what was filled in is worth sending; if not, each field says what it lacks. */
    check({ email, password }: DoorValues): boolean {
      const found: FormFaults = {
        email: email.trim() === '' ? t('missing.email') : /^\S+@\S+$/.test(email.trim()) ? null : t('wrong.email'),
        password: password === '' ? t('missing.password') : null,
        whole: null,
      };
      setFaults(found);
      return !found.email && !found.password;
    },
    /** Shows an error of the server at the field that it is about, else at the form. */
    refuse(error: CombinedError): void {
      setFaults(
        faultyField(error) === 'email' ? { ...none, email: t('wrong.email') } : { ...none, whole: faultText(error) },
      );
    },
    /** Shows a refusal of the server, which says itself what is to be done; null where there is none any more. */
    say(whole: string | null): void {
      setFaults({ ...none, whole });
    },
  };
}
