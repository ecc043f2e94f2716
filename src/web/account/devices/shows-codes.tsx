import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { type DeviceFieldsFragment, SetReceivesCodesDocument } from '../../api/operations.ts';
import { useFaultText } from '../../api/use-fault-text.ts';
import { useViewer } from '../../session/session.tsx';
import { Switch } from '../../ui/switch.tsx';
import { useSubmission } from '../../ui/use-submission.ts';
import styles from './device-item.module.css';

/** Whether a trusted device shows codes: chosen by the owner of the account, on any that is trusted. */
export function ShowsCodes({ device }: { readonly device: DeviceFieldsFragment }) {
  const { t } = useTranslation('account');
  const { currentDevice } = useViewer();
  const faultText = useFaultText();
  const [{ error }, set] = useMutation(SetReceivesCodesDocument);
  const { id, name, receivesCodes } = device;
  const { isPending, submit } = useSubmission(async () => {
    await set({ deviceId: id, receivesCodes: !receivesCodes });
  });
  return (
    <>
      <div className={styles.choice}>
        <span>{t('devices.showsCodes')}</span>
        <Switch
          label={t('devices.showsCodesNamed', { device: name })}
          state={t(receivesCodes ? 'twoStep.on' : 'twoStep.off')}
          isSelected={receivesCodes}
          isDisabled={!currentDevice.isTrusted || isPending}
          onChange={() => submit()}
        />
      </div>
      {error && <p role="alert">{faultText(error)}</p>}
    </>
  );
}
