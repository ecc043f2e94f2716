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

/** The whole path in the order in which it is walked: from an account to a second device, live and by e-mail. */
export const playgroundExamples: readonly PlaygroundExample[] = [
  {
    query: `# Doorstep, step by step: a tab for each
# step, from left to right. Run one with
# Ctrl-Enter.
#
# Where variables or headers say
# {{challengeToken}}, {{sessionToken}} or
# {{deviceToken}}, this page puts in the
# newest that an answer brought. Only codes
# are typed by hand; mails are at /inbox.
#
# 1. A phone opens an account. The answer is
#    the same whether or not the address is
#    taken: a challenge, whose code goes
#    there by mail.
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
    query: `# 2. Type the code of the mail under
#    Variables: the account exists, and the
#    phone is signed in.
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
    query: `# 3. Turn two-step verification on: a code
#    goes to the account's address, to prove
#    that codes by mail will arrive.
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
    query: `# 4. Type that code. From now on a device
#    that is new to the account has to type
#    one, and this is the first that need
#    not: it is trusted.
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
    query: `# 5. A laptop signs in. It has no device
#    token, so it is new: the right password
#    is answered with a challenge, whose code
#    waits on the trusted devices. To see it
#    come live, first duplicate this browser
#    tab and run LiveCodes there.
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
    query: `# 6. The live codes, as a trusted device gets
#    them over a WebSocket: those that wait,
#    then each new one. The session goes
#    along in the payload of connection_init,
#    as \`authorization\`; this page takes it
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
    query: `# 7. The challenge as the laptop sees it: on
#    how many devices the code is shown,
#    whether the mail server took the mail,
#    and what to tell a person who waits for
#    it. It needs no session and ends by
#    itself.
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
    query: `# 8. The phone is out of reach? The same
#    code, by e-mail.
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
    query: `# 9. Type the code, from the phone or from
#    the mail: it is one and the same. The
#    laptop is signed in, and trusted from
#    now on.
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
    query: `# 10. The laptop comes back. With the token
#     that it was given it needs no code; the
#     answer brings the next token.
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
    query: `# 11. The account as its session sees it;
#     null for somebody who is not signed in.
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
