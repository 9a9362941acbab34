/**
 * @generated SignedSource<<70af5007e5d8441bd6dede80965fbf16>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
import { FragmentRefs } from "relay-runtime";
export type DeliverySource = "LIVE" | "OFFLINE" | "RECENT" | "%future added value";
export type LiveNewMessageSubscription$variables = Record<PropertyKey, never>;
export type LiveNewMessageSubscription$data = {
  readonly newMessage: {
    readonly cursor: string;
    readonly message: {
      readonly " $fragmentSpreads": FragmentRefs<"Message_message">;
    };
    readonly source: DeliverySource;
  };
};
export type LiveNewMessageSubscription = {
  response: LiveNewMessageSubscription$data;
  variables: LiveNewMessageSubscription$variables;
};

const node: ConcreteRequest = (function(){
var v0 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "source",
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
    "name": "LiveNewMessageSubscription",
    "selections": [
      {
        "alias": null,
        "args": null,
        "concreteType": "NewMessageEvent",
        "kind": "LinkedField",
        "name": "newMessage",
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
    "name": "LiveNewMessageSubscription",
    "selections": [
      {
        "alias": null,
        "args": null,
        "concreteType": "NewMessageEvent",
        "kind": "LinkedField",
        "name": "newMessage",
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
    "cacheID": "0014feef75d3ee3d1f84cfa132cd348b",
    "id": null,
    "metadata": {},
    "name": "LiveNewMessageSubscription",
    "operationKind": "subscription",
    "text": "subscription LiveNewMessageSubscription {\n  newMessage {\n    source\n    cursor\n    message {\n      ...Message_message\n      id\n    }\n  }\n}\n\nfragment Message_message on Message {\n  id\n  seq\n  cursor\n  recalledAt\n  content {\n    __typename\n    type\n    summary\n    ... on TextContent {\n      text\n    }\n  }\n  conversation {\n    unreadCount\n    peer {\n      id\n    }\n    id\n  }\n}\n"
  }
};
})();

(node as any).hash = "2ff51143fee420452e801cc24d05f4d8";

export default node;
