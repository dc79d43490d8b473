import { z } from "zod";
import { checkCommit, checkCommits } from "../jobs/check-commit.ts";
import type { JobContext } from "../jobs/parts.ts";
import { fetchResource, treeResource, urlOf } from "../jobs/resources.ts";
import { putTree, removeTree, requestFetch, requireFetch, requireTree } from "../jobs/tree-jobs.ts";
import { CommitStatus } from "../schema/analysis.ts";
import { CommitList, CommitsRequest } from "../schema/commits.ts";
import { OidPrefix, TreeId } from "../schema/common.ts";
import { Fetch, Tree, TreeRequest } from "../schema/tree.ts";
import { listFetches } from "../store/fetches.ts";
import { listTrees } from "../store/trees.ts";
import type { App } from "./app.ts";
import { clientGone } from "./client.ts";
import { streamEvents } from "./event-stream.ts";
import { cutPage, Paging, readCursor, readPlace } from "./paging.ts";
import { eventStreamContent, FetchList, problems, showFetch, showTree, TreeList } from "./representations.ts";

const TreeParams = z.object({ tree: TreeId });
const tags = ["trees"];

export function treeRoutes(app: App, context: JobContext): void {
  app.get(
    "/v1/trees",
    { schema: { tags, summary: "List the trees", querystring: Paging, response: { 200: TreeList, ...problems() } } },
    async (request) => {
      const { limit, cursor } = request.query;
      const [after = ""] = cursor === undefined ? [] : readCursor(cursor, 1);
      return cutPage(await listTrees(context.db, after, limit + 1), limit, (row) => [row.id], showTree);
    },
  );

  app.put(
    "/v1/trees/:tree",
    {
      schema: {
        tags,
        summary: "Register a tree or change it; cloning and indexing go on afterwards",
        params: TreeParams,
        body: TreeRequest,
        response: { 200: Tree, 201: Tree, ...problems(409, 413, 415) },
      },
    },
    async (request, reply) => {
      const { tree, created } = await putTree(context, request.params.tree, request.body);
      return reply
        .code(created ? 201 : 200)
        .header("location", urlOf(treeResource(tree.id)))
        .send(showTree(tree));
    },
  );

  app.get(
    "/v1/trees/:tree",
    { schema: { tags, summary: "A tree and its state", params: TreeParams, response: { 200: Tree, ...problems(404) } } },
    async (request) => showTree(await requireTree(context, request.params.tree)),
  );

  app.delete(
    "/v1/trees/:tree",
    { schema: { tags, summary: "Remove a tree", params: TreeParams, response: { 204: z.null(), ...problems(404) } } },
    async (request, reply) => {
      await removeTree(context, request.params.tree);
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/v1/trees/:tree/fetches",
    { schema: { tags, summary: "Fetch the tree from its remote", params: TreeParams, response: { 202: Fetch, ...problems(404) } } },
    async (request, reply) => {
      const fetch = await requestFetch(context, request.params.tree);
      const location = urlOf(fetchResource(fetch.tree, fetch.id));
      return reply.code(202).header("location", location).header("retry-after", 1).send(showFetch(fetch));
    },
  );

  app.get(
    "/v1/trees/:tree/fetches",
    {
      schema: {
        tags,
        summary: "List the fetches of a tree, newest first",
        params: TreeParams,
        querystring: Paging,
        response: { 200: FetchList, ...problems(404) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      await requireTree(context, request.params.tree);
      const rows = await listFetches(context.db, request.params.tree, readPlace(cursor), limit + 1);
      return cutPage(rows, limit, (row) => [row.createdAt, row.id], showFetch);
    },
  );

  app.get(
    "/v1/trees/:tree/fetches/:fetch",
    {
      schema: {
        tags,
        summary: "A fetch and its state",
        params: TreeParams.extend({ fetch: z.string().max(64) }),
        response: { 200: Fetch, ...problems(404) },
      },
    },
    async (request) => {
      await requireTree(context, request.params.tree);
      return showFetch(await requireFetch(context, request.params.tree, request.params.fetch));
    },
  );

  app.get(
    "/v1/trees/:tree/events",
    {
      exposeHeadRoute: false,
      config: { offers: ["text/event-stream"] },
      schema: {
        tags,
        summary: "Progress as server-sent events",
        params: TreeParams,
        response: { ...eventStreamContent, ...problems(404) },
      },
    },
    async (request, reply) => {
      await requireTree(context, request.params.tree);
      return streamEvents(context, treeResource(request.params.tree), request, reply);
    },
  );

  app.get(
    "/v1/trees/:tree/commits/:oid",
    {
      schema: {
        tags,
        summary: "Is this commit in the tree, and would it apply",
        params: TreeParams.extend({ oid: OidPrefix }),
        response: { 200: CommitStatus, ...problems(404, 409, 503, 504) },
      },
    },
    async (request, reply) => checkCommit(context, request.params.tree, request.params.oid, clientGone(reply)),
  );

  app.post(
    "/v1/trees/:tree/commits",
    {
      schema: {
        tags,
        summary: "Which of these commits are in the tree, up to 1,000 at once, without trying to apply them",
        params: TreeParams,
        body: CommitsRequest,
        response: { 200: CommitList, ...problems(404, 409, 413, 415, 503, 504) },
      },
    },
    async (request, reply) => checkCommits(context, request.params.tree, request.body.oids, clientGone(reply)),
  );
}
