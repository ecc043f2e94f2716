import { registerEnumType } from 'type-graphql';
import { enumOf } from '../api/enums.js';
import { deliveryStates, methods } from './delivery.entity.js';

export const VerificationMethod = enumOf(methods);
registerEnumType(VerificationMethod, {
  name: 'VerificationMethod',
  description: 'How a code goes out.',
  valuesConfig: {
    APP: { description: "Shown live on the account's trusted devices." },
    EMAIL: {
      description: "Sent to the account's address. A weaker check than APP: it proves a mailbox, not a device.",
    },
  },
});

export const DeliveryState = enumOf(deliveryStates);
registerEnumType(DeliveryState, {
  name: 'DeliveryState',
  description: 'How far a send has come.',
  valuesConfig: {
    QUEUED: { description: 'Waits for a worker or for a device to come online.' },
    SENT: {
      description:
        "Left this system: written to a device's open socket, or accepted by a push service or the mail server.",
    },
    SEEN: { description: 'A device said that it shows the code.' },
    RETRYING: { description: 'A passing fault; it is tried again.' },
    FAILED: {
      description: 'Given up: refused by the mail server, its fate unknown twice, or no longer worth sending.',
    },
  },
});
