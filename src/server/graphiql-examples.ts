/** The tabs that GraphiQL opens with: what an admin does first. A test runs each of them. */
export interface Example {
  readonly query: string;
  readonly variables: string;
}

function example(query: string, variables: Record<string, unknown> = {}): Example {
  return { query: `${query.trim()}\n`, variables: JSON.stringify(variables, null, 2) };
}

/** As whom GraphiQL is signed in where tokens for development are given. */
export const DEVELOPER = { user: "anna", role: "admin" } as const;

// Lines of at most 60 characters: a longer one is cut off in a browser.
const SIGNED_IN = `
# Press play: you are anna, an admin. To be somebody else,
# paste a token into the Headers tab below:
#   { "Authorization": "Bearer eyJ…" }
# The other tabs send it too, unless you give them their own.`;
const SIGN_IN = `
# 1. Paste a token into the Headers tab below:
#      { "Authorization": "Bearer eyJ…" }
#    The server prints one for an admin when it starts in
#    development; \`npx parley token anna --admin\` makes one.
# 2. Press play. The other tabs send the same token, unless
#    you give them one of their own.`;

const WHO_AM_I = `
query WhoAmI {
  viewer { id nickname }
  settings {
    friendsOnly
    showBlocked
    recallWindowSeconds
    offlineRetentionDays
    roamingRetentionDays
  }
}`;

/** @param signedIn whether the page signs in by itself */
export function examplesFor(signedIn: boolean): Example[] {
  return [example((signedIn ? SIGNED_IN : SIGN_IN) + WHO_AM_I), ...OTHERS];
}

const OTHERS: readonly Example[] = [
  example(
    `
# Admins may send to anybody. The clientMessageId makes
# pressing play twice harmless.
mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) {
    ... on SendMessageSuccess {
      duplicate
      message { id seq sentAt content { summary } }
    }
    ... on Error { code reason }
  }
}`,
    { input: { to: "bob", content: { text: { text: "Hello, bob." } }, clientMessageId: "hello-1" } },
  ),
  example(
    `
# Send as another user. It is recorded in the audit trail.
mutation SendAs($input: SendMessageInput!) {
  sendMessage(input: $input) {
    ... on SendMessageSuccess {
      message {
        id
        sender { id }
        recipient { id }
        content { summary }
      }
    }
    ... on Error { code reason }
  }
}`,
    { input: { to: "bob", sendAs: "alice", content: { text: { text: "Written by an admin, as alice." } } } },
  ),
  example(
    `
# A notice comes from the system. Play the next tab in a
# second window to see it come.
mutation Notice($input: SendMessageInput!) {
  sendMessage(input: $input) {
    ... on SendMessageSuccess {
      message { id sender { id } content { type summary } }
    }
    ... on Error { code reason }
  }
}`,
    { input: { to: "anna", content: { notice: { title: "Maintenance", body: "Back at nine." } } } },
  ),
  example(
    `
# History as alice sees it. With the startCursor of one page
# as \`before\`, ask for the page above it.
query History($of: ID, $peer: ID!, $before: String) {
  history(of: $of, peer: $peer, last: 20, before: $before) {
    pageInfo { hasPreviousPage startCursor }
    nodes {
      seq
      sentAt
      sender { id }
      content { type summary }
    }
  }
}`,
    { of: "alice", peer: "bob" },
  ),
  example(`
# What you have missed, then what comes, until you press stop
# or go to another tab.
subscription NewMessage {
  newMessage {
    source
    cursor
    message {
      id
      seq
      sender { id }
      content { type summary }
    }
  }
}`),
];
