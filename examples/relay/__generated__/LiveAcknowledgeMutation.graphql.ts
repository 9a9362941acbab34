/**
 * @generated SignedSource<<1f852cf416c355c9df86f14dfee72921>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type LiveAcknowledgeMutation$variables = {
  cursor: string;
};
export type LiveAcknowledgeMutation$data = {
  readonly acknowledge: {
    readonly cursor: string;
  } | null | undefined;
};
export type LiveAcknowledgeMutation = {
  response: LiveAcknowledgeMutation$data;
  variables: LiveAcknowledgeMutation$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "cursor"
  }
],
v1 = [
  {
    "alias": null,
    "args": [
      {
        "fields": [
          {
            "kind": "Variable",
            "name": "cursor",
            "variableName": "cursor"
          }
        ],
        "kind": "ObjectValue",
        "name": "input"
      }
    ],
    "concreteType": "AcknowledgePayload",
    "kind": "LinkedField",
    "name": "acknowledge",
    "plural": false,
    "selections": [
      {
        "alias": null,
        "args": null,
        "kind": "ScalarField",
        "name": "cursor",
        "storageKey": null
      }
    ],
    "storageKey": null
  }
];
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "LiveAcknowledgeMutation",
    "selections": (v1/*:: as any*/),
    "type": "Mutation",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "LiveAcknowledgeMutation",
    "selections": (v1/*:: as any*/)
  },
  "params": {
    "cacheID": "06902f3e2dd2e11761cf6c259ed03b97",
    "id": null,
    "metadata": {},
    "name": "LiveAcknowledgeMutation",
    "operationKind": "mutation",
    "text": "mutation LiveAcknowledgeMutation(\n  $cursor: String!\n) {\n  acknowledge(input: {cursor: $cursor}) {\n    cursor\n  }\n}\n"
  }
};
})();

(node as any).hash = "740d0dd197562f2f9a19175de0e387ef";

export default node;
