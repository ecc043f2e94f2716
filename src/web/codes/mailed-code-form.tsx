import { useTranslation } from 'react-i18next';
import { DoorForm } from '../sign-in/door.tsx';
import { Button } from '../ui/button.tsx';
import { DialogActions } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';
import { Closed } from './closed.tsx';
import { CodeField } from './code-field.tsx';
import { Deliveries } from './deliveries.tsx';
import type { CodeEntry } from './use-code-entry.ts';

export interface MailedCodeFormProps {
  readonly entry: CodeEntry;
  /** What the button says that sends it. */
  readonly submit: string;
  readonly onAgain: () => void;
  readonly onClose: () => void;
}

/** In a dialog: where a code was mailed to, its field, and what has become of the mail. */
export function MailedCodeForm({ entry, submit, onAgain, onClose }: MailedCodeFormProps) {
  const { t } = useTranslation('common');
  const { challenge, closed, faults, fault, isPending } = entry;
  if (closed) return <Closed state={closed} onAgain={onAgain} />;
  return (
    <DoorForm onSubmit={() => entry.submit()} faults={faults}>
      <p>{t('code.leadEmail', { to: challenge.sentTo })}</p>
      <CodeField entry={entry} />
      {fault && (
        <Notice look="alarm">
          <p>{fault}</p>
        </Notice>
      )}
      <DialogActions>
        <Button onPress={onClose}>{t('cancel')}</Button>
        <Button type="submit" look="primary" isPending={isPending}>
          {submit}
        </Button>
      </DialogActions>
      <Deliveries challenge={challenge} onAgain={onAgain} />
    </DoorForm>
  );
}
