import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { faultText } from '../api/faults.ts';
import { type ConfirmationFieldsFragment, DenyConfirmationDocument } from '../api/operations.ts';
import { useSubmission } from '../ui/use-submission.ts';

export interface RefusalOptions {
  /** It is being refused here. */
  readonly onRefuse: () => void;
  readonly onRefused: () => void;
}

/** 'I did not ask for this': ends what is to be confirmed, and says what went wrong where it did not. */
export function useRefusal({ id }: Pick<ConfirmationFieldsFragment, 'id'>, { onRefuse, onRefused }: RefusalOptions) {
  const { i18n } = useTranslation();
  const [, deny] = useMutation(DenyConfirmationDocument);
  const [fault, setFault] = useState<string | null>(null);
  const { isPending, submit } = useSubmission(async () => {
    setFault(null);
    onRefuse();
    const { data, error } = await deny({ id });
    if (error) return setFault(faultText(error, i18n.getFixedT(null, 'common'), i18n.language));
    if (data?.denyConfirmation.state === 'DENIED') onRefused();
  });
  return { fault, isPending, refuse: () => submit() };
}
