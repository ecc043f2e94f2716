import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { DisableTwoStepDocument } from '../../api/operations.ts';
import { useFaultText } from '../../api/use-fault-text.ts';
import { useSession } from '../../session/session.tsx';
import { DoorForm } from '../../sign-in/door.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, DialogActions } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/notice.tsx';
import { PasswordField } from '../../ui/text-field.tsx';
import { useSubmission } from '../../ui/use-submission.ts';
import { useSay } from '../said.tsx';
import styles from './set-up-dialog.module.css';

export interface SwitchOffDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** Turns two-step verification off, with the password. */
export function SwitchOffDialog({ isOpen, onClose }: SwitchOffDialogProps) {
  const { t } = useTranslation('account');
  return (
    <Dialog title={t('switchOff.title')} isOpen={isOpen} onClose={onClose}>
      <SwitchOff onClose={onClose} />
    </Dialog>
  );
}

/** What was wrong with the password, or else. */
interface Faults {
  readonly password?: string;
  readonly other?: string;
}

function SwitchOff({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation(['account', 'common']);
  const say = useSay();
  const faultText = useFaultText();
  const { refresh } = useSession();
  const [, disable] = useMutation(DisableTwoStepDocument);
  const [password, setPassword] = useState('');
  const [faults, setFaults] = useState<Faults>({});

  const { isPending, submit } = useSubmission(async () => {
    setFaults({});
    const { data, error } = await disable({ password });
    if (error) return setFaults({ other: faultText(error) });
    const outcome = data?.disableTwoStep;
    if (outcome?.__typename === 'WrongPassword') return setFaults({ password: outcome.message });
    // Nobody reads that it is off beside a switch that is still on.
    await refresh();
    say(t('switchOff.done'));
    onClose();
  });

  return (
    <DoorForm onSubmit={() => submit()} faults={faults}>
      <ul className={styles.means}>
        <li>{t('switchOff.meansPassword')}</li>
        <li>{t('switchOff.meansTrust')}</li>
        <li>{t('switchOff.meansMail')}</li>
      </ul>
      <PasswordField
        label={t('switchOff.password')}
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
        error={faults.password}
        isRequired
        autoFocus
      />
      {faults.other && (
        <Notice look="alarm">
          <p>{faults.other}</p>
        </Notice>
      )}
      <DialogActions>
        <Button onPress={onClose}>{t('cancel', { ns: 'common' })}</Button>
        <Button type="submit" look="danger" isPending={isPending} isDisabled={password === ''}>
          {t('switchOff.submit')}
        </Button>
      </DialogActions>
    </DoorForm>
  );
}
