/** The tabs that GraphiQL opens with: what an admin does first. A test runs each of them. */
export interface Example {
  readonly query: string;
  readonly variables: string;
}

function example(query: string, variables: Record<string, unknown> = {}): Example {
  return { query: `${query.trim()}\n`, variables: JSON.stringify(variables, null, 2) };
}

// Lines of at most 60 characters: a longer one is cut off in a browser.
export const examples: Example[] = [
  example(`
# 1. Paste a token into the Headers tab below:
#      { "Authorization": "Bearer eyJ…" }
#    The server prints one for an admin when it starts in
#    development; \`npx parley token anna --admin\` makes one.
# 2. Press play. The other tabs send the same token, unless
#    you give them one of their own.
query WhoAmI {
  viewer { id nickname }
  settings {
    friendsOnly
    showBlocked
    recallWindowSeconds
    offlineRetentionDays
    roamingRetentionDays
  }
}`),
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
# A notice comes from the system.
mutation Notice($input: SendMessageInput!) {
  sendMessage(input: $input) {
    ... on SendMessageSuccess {
      message { id sender { id } content { type summary } }
    }
    ... on Error { code reason }
  }
}`,
    { input: { to: "bob", content: { notice: { title: "Maintenance", body: "Back at nine." } } } },
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
# or go to another tab. To see one come, send a notice to
# yourself from a second window.
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
