import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { SignOutOtherSessionsDocument } from '../../api/operations.ts';
import { useFaultText } from '../../api/use-fault-text.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/notice.tsx';
import { useSubmission } from '../../ui/use-submission.ts';
import { useSay } from '../said.tsx';

/** Ends every session but this one. */
export function SignOutOthers() {
  const { t } = useTranslation(['account', 'common']);
  const say = useSay();
  const faultText = useFaultText();
  const [, signOutOthers] = useMutation(SignOutOtherSessionsDocument);
  const [isAsked, ask] = useState(false);
  const [fault, setFault] = useState<string | null>(null);

  const close = () => {
    ask(false);
    setFault(null);
  };
  const { isPending, submit } = useSubmission(async () => {
    setFault(null);
    const { data, error } = await signOutOthers({}, { additionalTypenames: ['Session'] });
    if (error) return setFault(faultText(error));
    say(t('sessionsEnded', { count: data?.signOutOtherSessions.sessionsEnded ?? 0 }));
    close();
  });

  return (
    <Card
      title={t('signOutOthers.title')}
      lead={t('signOutOthers.lead')}
      aside={
        <Button isSmall onPress={() => ask(true)}>
          {t('signOutOthers.ask')}
        </Button>
      }
    >
      <Dialog title={t('signOutOthers.dialogTitle')} role="alertdialog" isOpen={isAsked} onClose={close}>
        <p>{t('signOutOthers.means')}</p>
        {fault && (
          <Notice look="alarm">
            <p>{fault}</p>
          </Notice>
        )}
        <DialogActions>
          <Button onPress={close} autoFocus>
            {t('cancel', { ns: 'common' })}
          </Button>
          <Button look="danger" isPending={isPending} onPress={() => submit()}>
            {t('signOutOthers.submit')}
          </Button>
        </DialogActions>
      </Dialog>
    </Card>
  );
}
