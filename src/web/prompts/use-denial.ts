import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { faultText } from '../api/faults.ts';
import { DenyLoginRequestDocument, type RequestFieldsFragment } from '../api/operations.ts';
import { useSubmission } from '../ui/use-submission.ts';

export interface DenialOptions {
  /** It is being refused here. */
  readonly onDeny: () => void;
  readonly onDenied: () => void;
}

/** 'This was not me': ends a sign-in, and what went wrong where it did not. */
export function useDenial({ id }: Pick<RequestFieldsFragment, 'id'>, { onDeny, onDenied }: DenialOptions) {
  const { i18n } = useTranslation();
  const [, deny] = useMutation(DenyLoginRequestDocument);
  const [fault, setFault] = useState<string | null>(null);
  const { isPending, submit } = useSubmission(async () => {
    setFault(null);
    onDeny();
    const { data, error } = await deny({ id });
    if (error) return setFault(faultText(error, i18n.getFixedT(null, 'common'), i18n.language));
    if (data?.denyLoginRequest.state === 'DENIED') onDenied();
  });
  return { fault, isPending, refuse: () => submit() };
}
