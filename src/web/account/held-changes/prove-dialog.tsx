import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import {
  type ChallengeFieldsFragment,
  type HeldChangeFieldsFragment,
  ProveAddressDocument,
  StartAddressProofDocument,
} from '../../api/operations.ts';
import { MailedCodeForm } from '../../codes/mailed-code-form.tsx';
import { useCodeEntry } from '../../codes/use-code-entry.ts';
import { useSession } from '../../session/session.tsx';
import { useFault } from '../../session/use-fault.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/notice.tsx';
import { useSubmission } from '../../ui/use-submission.ts';
import { useSay } from '../said.tsx';

export interface ProveDialogProps {
  /** Null: the dialog is closed. */
  readonly change: HeldChangeFieldsFragment | null;
  readonly onClose: () => void;
  readonly onProven: () => void;
}

/** Proves the address that is to come: by a code that is mailed there. */
export function ProveDialog({ change, onClose, onProven }: ProveDialogProps) {
  const { t } = useTranslation('account');
  return (
    <Dialog title={t('held.prove.title')} isOpen={change !== null} onClose={onClose}>
      {change && <Prove change={change} onClose={onClose} onProven={onProven} />}
    </Dialog>
  );
}

function Prove({ change, onClose, onProven }: ProveDialogProps & { readonly change: HeldChangeFieldsFragment }) {
  const { t } = useTranslation(['account', 'common']);
  const [, start] = useMutation(StartAddressProofDocument);
  const [challenge, setChallenge] = useState<ChallengeFieldsFragment | null>(null);
  const { fault, refuse, say } = useFault();
  const { isPending, submit } = useSubmission(async () => {
    say(null);
    const { data, error } = await start({});
    if (error) return refuse(error);
    if (data) setChallenge(data.startAddressProof);
  });
  if (challenge) {
    return <TypeCode challenge={challenge} onAgain={() => setChallenge(null)} onClose={onClose} onProven={onProven} />;
  }
  return (
    <>
      <p>{t('held.prove.lead', { email: change.email })}</p>
      {fault && (
        <Notice look="alarm">
          <p>{fault}</p>
        </Notice>
      )}
      <DialogActions>
        <Button onPress={onClose}>{t('cancel', { ns: 'common' })}</Button>
        <Button look="primary" isPending={isPending} onPress={() => submit()}>
          {t('setUp.send')}
        </Button>
      </DialogActions>
    </>
  );
}

interface TypeCodeProps {
  readonly challenge: ChallengeFieldsFragment;
  readonly onAgain: () => void;
  readonly onClose: () => void;
  readonly onProven: () => void;
}

function TypeCode({ challenge: opened, onAgain, onClose, onProven }: TypeCodeProps) {
  const { t } = useTranslation('account');
  const announce = useSay();
  const { refresh } = useSession();
  const [, prove] = useMutation(ProveAddressDocument);
  const entry = useCodeEntry(opened, async (code, taken) => {
    const { data, error } = await prove({ challengeToken: opened.token, code });
    const outcome = data?.proveAddress;
    if (outcome?.__typename !== 'AddressProven') return { error, outcome };
    taken();
    // Where it had waited long enough, it is the account's address now.
    await refresh();
    announce(t('held.prove.done'));
    onProven();
    onClose();
    return {};
  });
  return <MailedCodeForm entry={entry} submit={t('held.prove.submit')} onAgain={onAgain} onClose={onClose} />;
}
