/** Names of resources, as events, the runner and waiting requests use them; `/v1/` before one makes its URL. */
export const treeResource = (tree: string) => `trees/${tree}`;
export const fetchResource = (tree: string, id: string) => `trees/${tree}/fetches/${id}`;
export const commitResource = (tree: string, oid: string) => `trees/${tree}/commits/${oid}`;
export const crashResource = (id: string) => `crashes/${id}`;
export const signatureResource = (fingerprint: string) => `signatures/${fingerprint}`;
export const webhookResource = (id: string) => `webhooks/${id}`;
export const deliveryResource = (webhook: string, id: string) => `webhooks/${webhook}/deliveries/${id}`;
export const batchResource = (id: string) => `batches/${id}`;
export const planResource = (id: string) => `plans/${id}`;
export const analysisResource = (id: string) => `analyses/${id}`;

export const urlOf = (resource: string) => `/v1/${resource}`;
