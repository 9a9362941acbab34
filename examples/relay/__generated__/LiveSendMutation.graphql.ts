/**
 * @generated SignedSource<<7cbee913511fcd53911072970c19d2c4>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
import { FragmentRefs } from "relay-runtime";
export type ContentType = "CUSTOM" | "FACE" | "FILE" | "IMAGE" | "LOCATION" | "NOTICE" | "SOUND" | "TEXT" | "VIDEO" | "%future added value";
export type ErrorCode = "BLOCKED" | "CONTENT_TOO_LARGE" | "FORBIDDEN" | "IDEMPOTENCY_CONFLICT" | "INVALID_CONTENT" | "MESSAGE_NOT_FOUND" | "MUTED" | "NOT_FRIENDS" | "NO_FRIEND_REQUEST" | "RATE_LIMITED" | "RECALL_WINDOW_PASSED" | "RECIPIENT_NOT_FOUND" | "REFUSED_BY_HOOK" | "SENDER_NOT_FOUND" | "USER_NOT_FOUND" | "%future added value";
export type SendMessageInput = {
  clientMessageId?: string | null | undefined;
  content: MessageContentInput;
  customData?: string | null | undefined;
  lifetimeSeconds?: number | null | undefined;
  push?: PushInput | null | undefined;
  replyTo?: string | null | undefined;
  sendAs?: string | null | undefined;
  syncToSender?: boolean;
  to: string;
};
export type MessageContentInput = {
  custom: CustomInput;
  face?: never;
  file?: never;
  image?: never;
  location?: never;
  notice?: never;
  sound?: never;
  text?: never;
  video?: never;
} | {
  custom?: never;
  face: FaceInput;
  file?: never;
  image?: never;
  location?: never;
  notice?: never;
  sound?: never;
  text?: never;
  video?: never;
} | {
  custom?: never;
  face?: never;
  file: FileInput;
  image?: never;
  location?: never;
  notice?: never;
  sound?: never;
  text?: never;
  video?: never;
} | {
  custom?: never;
  face?: never;
  file?: never;
  image: ImageInput;
  location?: never;
  notice?: never;
  sound?: never;
  text?: never;
  video?: never;
} | {
  custom?: never;
  face?: never;
  file?: never;
  image?: never;
  location: LocationInput;
  notice?: never;
  sound?: never;
  text?: never;
  video?: never;
} | {
  custom?: never;
  face?: never;
  file?: never;
  image?: never;
  location?: never;
  notice: NoticeInput;
  sound?: never;
  text?: never;
  video?: never;
} | {
  custom?: never;
  face?: never;
  file?: never;
  image?: never;
  location?: never;
  notice?: never;
  sound: SoundInput;
  text?: never;
  video?: never;
} | {
  custom?: never;
  face?: never;
  file?: never;
  image?: never;
  location?: never;
  notice?: never;
  sound?: never;
  text: TextInput;
  video?: never;
} | {
  custom?: never;
  face?: never;
  file?: never;
  image?: never;
  location?: never;
  notice?: never;
  sound?: never;
  text?: never;
  video: VideoInput;
};
export type CustomInput = {
  data: string;
  description?: string | null | undefined;
  extension?: string | null | undefined;
};
export type FaceInput = {
  data?: string | null | undefined;
  index: number;
};
export type FileInput = {
  mimeType?: string | null | undefined;
  name?: string | null | undefined;
  size?: number | null | undefined;
  upload?: string | null | undefined;
  url?: string | null | undefined;
};
export type ImageInput = {
  format?: string | null | undefined;
  height?: number | null | undefined;
  size?: number | null | undefined;
  upload?: string | null | undefined;
  url?: string | null | undefined;
  width?: number | null | undefined;
};
export type LocationInput = {
  latitude: number;
  longitude: number;
  name: string;
};
export type NoticeInput = {
  body: string;
  data?: string | null | undefined;
  title?: string | null | undefined;
};
export type SoundInput = {
  durationMs?: number | null | undefined;
  size?: number | null | undefined;
  upload?: string | null | undefined;
  url?: string | null | undefined;
};
export type TextInput = {
  text: string;
};
export type VideoInput = {
  cover?: ImageInput | null | undefined;
  durationMs?: number | null | undefined;
  format?: string | null | undefined;
  height?: number | null | undefined;
  size?: number | null | undefined;
  upload?: string | null | undefined;
  url?: string | null | undefined;
  width?: number | null | undefined;
};
export type PushInput = {
  body?: string | null | undefined;
  data?: string | null | undefined;
  disabled?: boolean;
  title?: string | null | undefined;
};
export type LiveSendMutation$variables = {
  input: SendMessageInput;
};
export type LiveSendMutation$data = {
  readonly sendMessage: {
    readonly __typename: "SendMessageError";
    readonly code: ErrorCode;
    readonly reason: string;
    readonly retryAfterMs: number | null | undefined;
  } | {
    readonly __typename: "SendMessageSuccess";
    readonly duplicate: boolean;
    readonly message: {
      readonly content: {
        readonly text?: string;
        readonly type: ContentType;
      } | null | undefined;
      readonly seq: number;
      readonly " $fragmentSpreads": FragmentRefs<"Message_message">;
    };
  } | {
    // This will never be '%other', but we need some
    // value in case none of the concrete values match.
    readonly __typename: "%other";
  } | null | undefined;
};
export type LiveSendMutation = {
  response: LiveSendMutation$data;
  variables: LiveSendMutation$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "input"
  }
],
v1 = [
  {
    "kind": "Variable",
    "name": "input",
    "variableName": "input"
  }
],
v2 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "__typename",
  "storageKey": null
},
v3 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "duplicate",
  "storageKey": null
},
v4 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "seq",
  "storageKey": null
},
v5 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "type",
  "storageKey": null
},
v6 = {
  "kind": "InlineFragment",
  "selections": [
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "text",
      "storageKey": null
    }
  ],
  "type": "TextContent",
  "abstractKey": null
},
v7 = {
  "kind": "InlineFragment",
  "selections": [
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "code",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "reason",
      "storageKey": null
    },
    {
      "alias": null,
      "args": null,
      "kind": "ScalarField",
      "name": "retryAfterMs",
      "storageKey": null
    }
  ],
  "type": "SendMessageError",
  "abstractKey": null
},
v8 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "id",
  "storageKey": null
};
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "LiveSendMutation",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": null,
        "kind": "LinkedField",
        "name": "sendMessage",
        "plural": false,
        "selections": [
          (v2/*:: as any*/),
          {
            "kind": "InlineFragment",
            "selections": [
              (v3/*:: as any*/),
              {
                "alias": null,
                "args": null,
                "concreteType": "Message",
                "kind": "LinkedField",
                "name": "message",
                "plural": false,
                "selections": [
                  (v4/*:: as any*/),
                  {
                    "alias": null,
                    "args": null,
                    "concreteType": null,
                    "kind": "LinkedField",
                    "name": "content",
                    "plural": false,
                    "selections": [
                      (v5/*:: as any*/),
                      (v6/*:: as any*/)
                    ],
                    "storageKey": null
                  },
                  {
                    "args": null,
                    "kind": "FragmentSpread",
                    "name": "Message_message"
                  }
                ],
                "storageKey": null
              }
            ],
            "type": "SendMessageSuccess",
            "abstractKey": null
          },
          (v7/*:: as any*/)
        ],
        "storageKey": null
      }
    ],
    "type": "Mutation",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "LiveSendMutation",
    "selections": [
      {
        "alias": null,
        "args": (v1/*:: as any*/),
        "concreteType": null,
        "kind": "LinkedField",
        "name": "sendMessage",
        "plural": false,
        "selections": [
          (v2/*:: as any*/),
          {
            "kind": "InlineFragment",
            "selections": [
              (v3/*:: as any*/),
              {
                "alias": null,
                "args": null,
                "concreteType": "Message",
                "kind": "LinkedField",
                "name": "message",
                "plural": false,
                "selections": [
                  (v4/*:: as any*/),
                  {
                    "alias": null,
                    "args": null,
                    "concreteType": null,
                    "kind": "LinkedField",
                    "name": "content",
                    "plural": false,
                    "selections": [
                      (v2/*:: as any*/),
                      (v5/*:: as any*/),
                      (v6/*:: as any*/),
                      {
                        "alias": null,
                        "args": null,
                        "kind": "ScalarField",
                        "name": "summary",
                        "storageKey": null
                      }
                    ],
                    "storageKey": null
                  },
                  (v8/*:: as any*/),
                  {
                    "alias": null,
                    "args": null,
                    "kind": "ScalarField",
                    "name": "cursor",
                    "storageKey": null
                  },
                  {
                    "alias": null,
                    "args": null,
                    "kind": "ScalarField",
                    "name": "recalledAt",
                    "storageKey": null
                  },
                  {
                    "alias": null,
                    "args": null,
                    "concreteType": "Conversation",
                    "kind": "LinkedField",
                    "name": "conversation",
                    "plural": false,
                    "selections": [
                      {
                        "alias": null,
                        "args": null,
                        "kind": "ScalarField",
                        "name": "unreadCount",
                        "storageKey": null
                      },
                      {
                        "alias": null,
                        "args": null,
                        "concreteType": "User",
                        "kind": "LinkedField",
                        "name": "peer",
                        "plural": false,
                        "selections": [
                          (v8/*:: as any*/)
                        ],
                        "storageKey": null
                      },
                      (v8/*:: as any*/)
                    ],
                    "storageKey": null
                  }
                ],
                "storageKey": null
              }
            ],
            "type": "SendMessageSuccess",
            "abstractKey": null
          },
          (v7/*:: as any*/)
        ],
        "storageKey": null
      }
    ]
  },
  "params": {
    "cacheID": "cd5fe363feb2e5e0b3df50ba35b148cc",
    "id": null,
    "metadata": {},
    "name": "LiveSendMutation",
    "operationKind": "mutation",
    "text": "mutation LiveSendMutation(\n  $input: SendMessageInput!\n) {\n  sendMessage(input: $input) {\n    __typename\n    ... on SendMessageSuccess {\n      duplicate\n      message {\n        seq\n        content {\n          __typename\n          type\n          ... on TextContent {\n            text\n          }\n        }\n        ...Message_message\n        id\n      }\n    }\n    ... on SendMessageError {\n      code\n      reason\n      retryAfterMs\n    }\n  }\n}\n\nfragment Message_message on Message {\n  id\n  seq\n  cursor\n  recalledAt\n  content {\n    __typename\n    type\n    summary\n    ... on TextContent {\n      text\n    }\n  }\n  conversation {\n    unreadCount\n    peer {\n      id\n    }\n    id\n  }\n}\n"
  }
};
})();

(node as any).hash = "1e244f61023576b343ea603ad678d672";

export default node;
