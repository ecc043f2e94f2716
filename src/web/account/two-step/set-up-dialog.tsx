import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import {
  type ChallengeFieldsFragment,
  EnableTwoStepDocument,
  StartTwoStepSetupDocument,
} from '../../api/operations.ts';
import { MailedCodeForm } from '../../codes/mailed-code-form.tsx';
import { useCodeEntry } from '../../codes/use-code-entry.ts';
import { useSession, useViewer } from '../../session/session.tsx';
import { useFault } from '../../session/use-fault.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/notice.tsx';
import { useSubmission } from '../../ui/use-submission.ts';
import styles from './set-up-dialog.module.css';

export interface SetUpDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** Turns two-step verification on: what it means, the code from the mailbox, what has become of it. */
export function SetUpDialog({ isOpen, onClose }: SetUpDialogProps) {
  const { t } = useTranslation('account');
  const [sessionsEnded, setSessionsEnded] = useState<number | null>(null);
  const close = () => {
    onClose();
    setSessionsEnded(null);
  };
  return (
    <Dialog title={t(sessionsEnded === null ? 'setUp.title' : 'setUp.doneTitle')} isOpen={isOpen} onClose={close}>
      {sessionsEnded === null ? (
        <SetUp onDone={setSessionsEnded} onClose={close} />
      ) : (
        <Done sessionsEnded={sessionsEnded} onClose={close} />
      )}
    </Dialog>
  );
}

interface SetUpProps {
  readonly onDone: (sessionsEnded: number) => void;
  readonly onClose: () => void;
}

function SetUp({ onDone, onClose }: SetUpProps) {
  const { t } = useTranslation(['account', 'common']);
  const { email } = useViewer();
  const { refresh } = useSession();
  const [, start] = useMutation(StartTwoStepSetupDocument);
  const [challenge, setChallenge] = useState<ChallengeFieldsFragment | null>(null);
  const { fault, refuse, say } = useFault();

  const { isPending, submit } = useSubmission(async () => {
    say(null);
    const { data, error } = await start({});
    if (error) return refuse(error);
    const outcome = data?.startTwoStepSetup;
    if (outcome?.__typename === 'Challenge') return setChallenge(outcome);
    // Turned on elsewhere a moment ago.
    await refresh();
    onClose();
  });

  if (challenge)
    return <TypeCode challenge={challenge} onDone={onDone} onAgain={() => setChallenge(null)} onClose={onClose} />;
  return (
    <>
      <p>{t('setUp.lead', { email })}</p>
      <ul className={styles.means}>
        <li>{t('setUp.meansTrust')}</li>
        <li>{t('setUp.meansOthers')}</li>
      </ul>
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
  readonly onDone: (sessionsEnded: number) => void;
  readonly onAgain: () => void;
  readonly onClose: () => void;
}

function TypeCode({ challenge: opened, onDone, onAgain, onClose }: TypeCodeProps) {
  const { t } = useTranslation('account');
  const [, enable] = useMutation(EnableTwoStepDocument);
  const entry = useCodeEntry(opened, async (code, taken) => {
    const { data, error } = await enable({ challengeToken: opened.token, code });
    const outcome = data?.enableTwoStep;
    if (outcome?.__typename !== 'TwoStepEnabled') return { error, outcome };
    taken();
    onDone(outcome.sessionsEnded);
    return {};
  });
  return <MailedCodeForm entry={entry} submit={t('setUp.submit')} onAgain={onAgain} onClose={onClose} />;
}

function Done({ sessionsEnded, onClose }: { readonly sessionsEnded: number; readonly onClose: () => void }) {
  const { t } = useTranslation('account');
  const { twoStep } = useViewer();
  return (
    <>
      <div role="status" className={styles.means}>
        <p>{t('setUp.done')}</p>
        <p>{t('sessionsEnded', { count: sessionsEnded })}</p>
      </div>
      <DialogActions>
        {/* Nobody comes back to a switch that is still off. */}
        <Button look="primary" autoFocus isPending={!twoStep.enabled} onPress={onClose}>
          {t('setUp.close')}
        </Button>
      </DialogActions>
    </>
  );
}
