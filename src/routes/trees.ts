import { z } from "zod";
import { checkCommit, checkCommits } from "../jobs/check-commit.ts";
import type { JobContext } from "../jobs/parts.ts";
import { fetchResource, treeResource, urlOf } from "../jobs/resources.ts";
import { putTree, removeTree, requestFetch, requireFetch, requireTree } from "../jobs/tree-jobs.ts";
import { renderCommitStatus, renderFetch, renderFetches, renderTree, renderTrees } from "../report/resources.ts";
import { CommitStatus } from "../schema/analysis.ts";
import { CommitList, CommitsRequest } from "../schema/commits.ts";
import { JobStatus, OidPrefix, TreeId, TreeRole } from "../schema/common.ts";
import { FetchList, TreeList } from "../schema/lists.ts";
import { Fetch, Tree, TreeRequest, TreeState } from "../schema/tree.ts";
import { listFetches } from "../store/fetches.ts";
import { listTrees } from "../store/trees.ts";
import type { App } from "./app.ts";
import { callerOf, clientGone } from "./client.ts";
import { streamEvents } from "./event-stream.ts";
import { FORMS, inForms, sendForm } from "./forms.ts";
import { anyOf, cutPage, linkNext, Paging, readCursor, readPlace, UpdatedSince } from "./paging.ts";
import { eventStreamContent, problems, showFetch, showTree } from "./representations.ts";

const TreeParams = z.object({ tree: TreeId });
const tags = ["trees"];

export function treeRoutes(app: App, context: JobContext): void {
  app.get(
    "/v1/trees",
    {
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "List the trees",
        querystring: Paging.extend({ role: anyOf(TreeRole), state: anyOf(TreeState), updatedSince: UpdatedSince }),
        response: { 200: inForms("A page of trees", TreeList), ...problems() },
      },
    },
    async (request, reply) => {
      const { limit, cursor, role: roles, state: states, updatedSince } = request.query;
      const [after = ""] = cursor === undefined ? [] : readCursor(cursor, 1);
      const rows = await listTrees(context.db, { roles, states, updatedSince }, after, limit + 1);
      const page = cutPage(rows, limit, (row) => [row.id], showTree);
      return sendForm(request, reply, linkNext(request, reply, page), renderTrees);
    },
  );

  app.put(
    "/v1/trees/:tree",
    {
      config: { scope: "admin" },
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
    {
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "A tree and its state",
        params: TreeParams,
        response: { 200: inForms("The tree", Tree), ...problems(404) },
      },
    },
    async (request, reply) => sendForm(request, reply, showTree(await requireTree(context, request.params.tree)), renderTree),
  );

  app.delete(
    "/v1/trees/:tree",
    {
      config: { scope: "admin" },
      schema: { tags, summary: "Remove a tree", params: TreeParams, response: { 204: z.null(), ...problems(404) } },
    },
    async (request, reply) => {
      await removeTree(context, request.params.tree);
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/v1/trees/:tree/fetches",
    {
      config: { scope: "analyze" },
      schema: { tags, summary: "Fetch the tree from its remote", params: TreeParams, response: { 202: Fetch, ...problems(404) } },
    },
    async (request, reply) => {
      const fetch = await requestFetch(context, request.params.tree);
      const location = urlOf(fetchResource(fetch.tree, fetch.id));
      return reply.code(202).header("location", location).header("retry-after", 1).send(showFetch(fetch));
    },
  );

  app.get(
    "/v1/trees/:tree/fetches",
    {
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "List the fetches of a tree, newest first",
        params: TreeParams,
        querystring: Paging.extend({ status: anyOf(JobStatus), updatedSince: UpdatedSince }),
        response: { 200: inForms("A page of fetches", FetchList), ...problems(404) },
      },
    },
    async (request, reply) => {
      const { limit, cursor, status: statuses, updatedSince } = request.query;
      await requireTree(context, request.params.tree);
      const filter = { statuses, updatedSince };
      const rows = await listFetches(context.db, request.params.tree, filter, readPlace(cursor), limit + 1);
      const page = cutPage(rows, limit, (row) => [row.createdAt, row.id], showFetch);
      return sendForm(request, reply, linkNext(request, reply, page), renderFetches);
    },
  );

  app.get(
    "/v1/trees/:tree/fetches/:fetch",
    {
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "A fetch and its state",
        params: TreeParams.extend({ fetch: z.string().max(64) }),
        response: { 200: inForms("The fetch", Fetch), ...problems(404) },
      },
    },
    async (request, reply) => {
      await requireTree(context, request.params.tree);
      const fetch = await requireFetch(context, request.params.tree, request.params.fetch);
      return sendForm(request, reply, showFetch(fetch), renderFetch);
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
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "Is this commit in the tree, and would it apply",
        params: TreeParams.extend({ oid: OidPrefix }),
        response: { 200: inForms("What the tree knows of the commit", CommitStatus), ...problems(404, 409, 504) },
      },
    },
    async (request, reply) => {
      const by = { caller: callerOf(request), gone: clientGone(reply) };
      return sendForm(request, reply, await checkCommit(context, request.params.tree, request.params.oid, by), renderCommitStatus);
    },
  );

  app.post(
    "/v1/trees/:tree/commits",
    {
      config: { scope: "read" },
      schema: {
        tags,
        summary: "Which of these commits are in the tree, up to 1,000 at once, without trying to apply them",
        params: TreeParams,
        body: CommitsRequest,
        response: { 200: CommitList, ...problems(404, 409, 413, 415, 504) },
      },
    },
    async (request, reply) => {
      const by = { caller: callerOf(request), gone: clientGone(reply) };
      return checkCommits(context, request.params.tree, request.body.oids, by);
    },
  );
}
