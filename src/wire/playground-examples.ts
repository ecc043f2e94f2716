/** An operation of the playground, opened in a tab of its own. */
export interface PlaygroundExample {
  /** With comments for whoever reads it; the operation's name is the tab's. */
  readonly query: string;
  /** `{{challengeToken}}`, `{{sessionToken}}` and `{{deviceToken}}` stand for the newest that an answer brought. */
  readonly variables?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

const signedIn = { Authorization: 'Bearer {{sessionToken}}' };
const email = 'ada@example.com';
const password = 'three lamps above the blue door';

/** The whole path in the order in which it is walked: from an account to a second device, live and by email. */
export const playgroundExamples: readonly PlaygroundExample[] = [
  {
    query: `# Doorstep, step by step: one tab per step,
# from left to right. Press Ctrl-Enter to run
# a step.
#
# Variables and headers fill in the latest
# {{challengeToken}}, {{sessionToken}} and
# {{deviceToken}} for you. You only enter the
# codes yourself; emails arrive at /inbox.
#
# 1. Create an account on a phone. You get a
#    challenge, and its code by email. The
#    answer is the same if the address is
#    already taken.
mutation SignUp($input: SignUpInput!) {
  signUp(input: $input) {
    ... on Challenge {
      token
      sentTo
      codeLength
      expiresInSeconds
      help
    }
    ... on WeakPassword {
      suggestions
    }
    ... on Problem {
      message
    }
  }
}
`,
    variables: { input: { email, password, device: { name: "Ada's phone", platform: 'ANDROID' } } },
  },
  {
    query: `# 2. Enter the code from the email under
#    Variables. This creates the account and
#    signs the phone in.
mutation VerifySignUp(
  $challengeToken: String!
  $code: String!
) {
  verifyCode(challengeToken: $challengeToken, code: $code) {
    ... on SignedIn {
      sessionToken
      deviceToken
      sessionExpiresAt
      device {
        name
        isTrusted
      }
    }
    ... on WrongCode {
      attemptsRemaining
    }
    ... on Problem {
      message
    }
  }
}
`,
    variables: { challengeToken: '{{challengeToken}}', code: '' },
  },
  {
    query: `# 3. Turn on two-step verification. A code
#    goes to the account's address, to prove
#    that codes by email will arrive.
mutation StartTwoStepSetup {
  startTwoStepSetup {
    ... on Challenge {
      token
      sentTo
      deliveries {
        state
        hint
      }
    }
    ... on Problem {
      message
    }
  }
}
`,
    headers: signedIn,
  },
  {
    query: `# 4. Enter that code. From now on, signing in
#    on a new device takes a code. This phone
#    is the first trusted device.
mutation EnableTwoStep(
  $challengeToken: String!
  $code: String!
) {
  enableTwoStep(
    challengeToken: $challengeToken
    code: $code
  ) {
    ... on TwoStepEnabled {
      account {
        twoStep {
          enabled
          defaultMethod
        }
      }
    }
    ... on WrongCode {
      attemptsRemaining
    }
    ... on Problem {
      message
    }
  }
}
`,
    variables: { challengeToken: '{{challengeToken}}', code: '' },
    headers: signedIn,
  },
  {
    query: `# 5. Sign in on a laptop. It has no device
#    token, so it is a new device: you get a
#    challenge, and the code appears on the
#    trusted devices. To see it live, first
#    duplicate this browser tab and run
#    LiveCodes there.
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    ... on SignedIn {
      sessionToken
      deviceToken
    }
    ... on Challenge {
      token
      method
      sentTo
      deliveries {
        state
        reason
        hint
      }
    }
    ... on Problem {
      message
    }
  }
}
`,
    variables: { input: { email, password, device: { name: "Ada's laptop", platform: 'LINUX' } } },
  },
  {
    query: `# 6. Live codes, as a trusted device gets
#    them over a WebSocket: those whose time is
#    not over, in whatever state, then each new
#    one. The session goes into
#    the payload of connection_init as
#    \`authorization\`; this page takes it
#    from the headers below.
subscription LiveCodes {
  loginRequests {
    id
    state
    code
    deviceName
    platform
    location {
      label
    }
    expiresInSeconds
  }
}
`,
    headers: signedIn,
  },
  {
    query: `# 7. The challenge as the laptop sees it: how
#    many devices show the code, whether the
#    email was sent, and what to tell the
#    person who is waiting. It needs no
#    session, and ends by itself.
subscription WatchChallenge($challengeToken: String!) {
  challenge(token: $challengeToken) {
    state
    method
    attemptsRemaining
    resendInSeconds
    deliveries {
      method
      state
      devicesReached
      reason
      hint
    }
  }
}
`,
    variables: { challengeToken: '{{challengeToken}}' },
  },
  {
    query: `# 8. No phone at hand? Get the same code by
#    email.
mutation SendByMail(
  $challengeToken: String!
  $method: VerificationMethod!
) {
  sendCode(
    challengeToken: $challengeToken
    method: $method
  ) {
    ... on Challenge {
      sentTo
      resendInSeconds
      deliveries {
        method
        state
        hint
      }
    }
    ... on ResendTooSoon {
      retryInSeconds
    }
    ... on MethodUnavailable {
      availableMethods
    }
    ... on Problem {
      message
    }
  }
}
`,
    variables: { challengeToken: '{{challengeToken}}', method: 'EMAIL' },
  },
  {
    query: `# 9. Enter the code from the phone or the
#    email: it is the same one. The laptop is
#    signed in, and trusted from now on.
mutation VerifySignIn(
  $challengeToken: String!
  $code: String!
) {
  verifyCode(challengeToken: $challengeToken, code: $code) {
    ... on SignedIn {
      sessionToken
      deviceToken
      device {
        name
        isTrusted
      }
    }
    ... on WrongCode {
      attemptsRemaining
    }
    ... on TemporarilyLocked {
      retryInSeconds
    }
    ... on Problem {
      message
    }
  }
}
`,
    variables: { challengeToken: '{{challengeToken}}', code: '' },
  },
  {
    query: `# 10. Sign in on the laptop again. With its
#     device token it needs no code; the
#     answer brings its next token.
mutation SignInAgain($input: SignInInput!) {
  signIn(input: $input) {
    ... on SignedIn {
      sessionToken
      deviceToken
      device {
        name
        isTrusted
      }
    }
    ... on Challenge {
      token
      sentTo
    }
    ... on Problem {
      message
    }
  }
}
`,
    variables: {
      input: {
        email,
        password,
        device: { name: "Ada's laptop", platform: 'LINUX' },
        deviceToken: '{{deviceToken}}',
      },
    },
  },
  {
    query: `# 11. The account as the session sees it, or
#     null if nobody is signed in.
query Viewer {
  viewer {
    email
    twoStep {
      enabled
      enabledAt
      defaultMethod
    }
    devices {
      name
      platform
      isCurrent
      isTrusted
      isOnline
      lastSeenAt
      lastLocation {
        label
      }
    }
    loginRequests {
      code
      deviceName
    }
  }
}
`,
    headers: signedIn,
  },
];
