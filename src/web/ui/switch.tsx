import { type SwitchProps as AriaProps, Switch as AriaSwitch } from 'react-aria-components';
import styles from './switch.module.css';

export interface SwitchProps extends Omit<AriaProps, 'className' | 'style' | 'children'> {
  /** What it turns on, read out; its heading stands beside it. */
  readonly label: string;
  /** What it is now: on, off. */
  readonly state: string;
}

/** Turns something on and off. */
export function Switch({ label, state, ...props }: SwitchProps) {
  return (
    <AriaSwitch {...props} aria-label={label} className={styles.switch ?? ''}>
      <span className={styles.state} aria-hidden="true">
        {state}
      </span>
      <span className={styles.track}>
        <span className={styles.knob} />
      </span>
    </AriaSwitch>
  );
}
