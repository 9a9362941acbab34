/**
 * @generated SignedSource<<69d7aabac9d5b7485d9456fc8d2d9367>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
import { FragmentRefs } from "relay-runtime";
export type MessageChange = "DELIVERED" | "EDITED" | "READ" | "RECALLED" | "%future added value";
export type LiveUpdatedSubscription$variables = Record<PropertyKey, never>;
export type LiveUpdatedSubscription$data = {
  readonly messageUpdated: {
    readonly change: MessageChange;
    readonly cursor: string;
    readonly message: {
      readonly " $fragmentSpreads": FragmentRefs<"Message_message">;
    };
  };
};
export type LiveUpdatedSubscription = {
  response: LiveUpdatedSubscription$data;
  variables: LiveUpdatedSubscription$variables;
};

const node: ConcreteRequest = (function(){
var v0 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "change",
  "storageKey": null
},
v1 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "cursor",
  "storageKey": null
},
v2 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "id",
  "storageKey": null
};
return {
  "fragment": {
    "argumentDefinitions": [],
    "kind": "Fragment",
    "metadata": null,
    "name": "LiveUpdatedSubscription",
    "selections": [
      {
        "alias": null,
        "args": null,
        "concreteType": "MessageUpdatedEvent",
        "kind": "LinkedField",
        "name": "messageUpdated",
        "plural": false,
        "selections": [
          (v0/*:: as any*/),
          (v1/*:: as any*/),
          {
            "alias": null,
            "args": null,
            "concreteType": "Message",
            "kind": "LinkedField",
            "name": "message",
            "plural": false,
            "selections": [
              {
                "args": null,
                "kind": "FragmentSpread",
                "name": "Message_message"
              }
            ],
            "storageKey": null
          }
        ],
        "storageKey": null
      }
    ],
    "type": "Subscription",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": [],
    "kind": "Operation",
    "name": "LiveUpdatedSubscription",
    "selections": [
      {
        "alias": null,
        "args": null,
        "concreteType": "MessageUpdatedEvent",
        "kind": "LinkedField",
        "name": "messageUpdated",
        "plural": false,
        "selections": [
          (v0/*:: as any*/),
          (v1/*:: as any*/),
          {
            "alias": null,
            "args": null,
            "concreteType": "Message",
            "kind": "LinkedField",
            "name": "message",
            "plural": false,
            "selections": [
              (v2/*:: as any*/),
              {
                "alias": null,
                "args": null,
                "kind": "ScalarField",
                "name": "seq",
                "storageKey": null
              },
              (v1/*:: as any*/),
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
                "concreteType": null,
                "kind": "LinkedField",
                "name": "content",
                "plural": false,
                "selections": [
                  {
                    "alias": null,
                    "args": null,
                    "kind": "ScalarField",
                    "name": "__typename",
                    "storageKey": null
                  },
                  {
                    "alias": null,
                    "args": null,
                    "kind": "ScalarField",
                    "name": "type",
                    "storageKey": null
                  },
                  {
                    "alias": null,
                    "args": null,
                    "kind": "ScalarField",
                    "name": "summary",
                    "storageKey": null
                  },
                  {
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
                  }
                ],
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
                      (v2/*:: as any*/)
                    ],
                    "storageKey": null
                  },
                  (v2/*:: as any*/)
                ],
                "storageKey": null
              }
            ],
            "storageKey": null
          }
        ],
        "storageKey": null
      }
    ]
  },
  "params": {
    "cacheID": "12b4ae21cfdbf6a988a9903f3d6c42cd",
    "id": null,
    "metadata": {},
    "name": "LiveUpdatedSubscription",
    "operationKind": "subscription",
    "text": "subscription LiveUpdatedSubscription {\n  messageUpdated {\n    change\n    cursor\n    message {\n      ...Message_message\n      id\n    }\n  }\n}\n\nfragment Message_message on Message {\n  id\n  seq\n  cursor\n  recalledAt\n  content {\n    __typename\n    type\n    summary\n    ... on TextContent {\n      text\n    }\n  }\n  conversation {\n    unreadCount\n    peer {\n      id\n    }\n    id\n  }\n}\n"
  }
};
})();

(node as any).hash = "93a5c8b32d7c98b7e6d0ff00144ca5c9";

export default node;
