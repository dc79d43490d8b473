import { z } from "zod";
import { requireCrash, requireGroup, submitCrash } from "../jobs/crashes.ts";
import type { JobContext } from "../jobs/parts.ts";
import { checkCrashText, readCrashText } from "../jobs/read-crash-text.ts";
import { crashResource, urlOf } from "../jobs/resources.ts";
import { Crash, CrashRequest, Fingerprint, SignatureGroup, SignatureRequest } from "../schema/crash.ts";
import { CrashKind, Signature } from "../schema/signature.ts";
import { type CrashRow, crashSignature, crashText, deleteCrash, listCrashes, listGroups } from "../store/crashes.ts";
import type { App } from "./app.ts";
import { clientGone } from "./client.ts";
import { cutPage, Paging, readCursor, readPlace } from "./paging.ts";
import { CrashList, problems, SignatureList, showCrash, showGroup } from "./representations.ts";

const CrashParams = z.object({ id: z.string().max(64) });
const Kinds = z
  .union([CrashKind, z.array(CrashKind)])
  .optional()
  .describe("may be given several times: any of them");
const tags = ["crashes"];
/** A crash text may be sent as it is. */
const consumes = ["application/json", "text/plain"];

const kindsOf = (kind: CrashKind | CrashKind[] | undefined) => (kind === undefined ? {} : { kinds: [kind].flat() });

export function crashRoutes(app: App, context: JobContext): void {
  const showWhole = async (row: CrashRow): Promise<Crash> => ({ ...showCrash(row), signature: await crashSignature(context.db, row.id) });

  app.post(
    "/v1/signatures",
    {
      config: { crashText: true },
      schema: {
        tags,
        consumes,
        summary: "Read a crash text, and keep nothing",
        body: SignatureRequest,
        response: { 200: Signature, ...problems(413, 415, 503, 504) },
      },
    },
    async (request, reply) => {
      checkCrashText(request.body.crash);
      return readCrashText(context, request.body.crash, clientGone(reply));
    },
  );

  app.get(
    "/v1/signatures",
    {
      schema: {
        tags,
        summary: "List the groups of crashes that are alike, those seen last first",
        querystring: Paging.extend({ kind: Kinds }),
        response: { 200: SignatureList, ...problems() },
      },
    },
    async (request) => {
      const { limit, cursor, kind } = request.query;
      const [lastSeen = "", fingerprint = ""] = cursor === undefined ? [] : readCursor(cursor, 2);
      const groups = await listGroups(context.db, kindsOf(kind), cursor === undefined ? null : { lastSeen, fingerprint }, limit + 1);
      return cutPage(groups, limit, (row) => [row.lastSeen, row.fingerprint], showGroup);
    },
  );

  app.get(
    "/v1/signatures/:fingerprint",
    {
      schema: {
        tags,
        summary: "A group of crashes that are alike, and the signature of the latest",
        params: z.object({ fingerprint: Fingerprint }),
        response: { 200: SignatureGroup, ...problems(404) },
      },
    },
    async (request) => {
      const group = await requireGroup(context, request.params.fingerprint);
      return { ...showGroup(group), signature: await crashSignature(context.db, group.latest.id) };
    },
  );

  app.post(
    "/v1/crashes",
    {
      config: { crashText: true },
      schema: {
        tags,
        consumes,
        summary: "Read and keep a crash; the same text is the same crash",
        body: CrashRequest,
        response: { 200: Crash, 201: Crash, ...problems(409, 413, 415, 422, 503, 504) },
      },
    },
    async (request, reply) => {
      const { row, created } = await submitCrash(context, request.body, clientGone(reply));
      reply.code(created ? 201 : 200).header("location", urlOf(crashResource(row.id)));
      return showWhole(row);
    },
  );

  app.get(
    "/v1/crashes",
    {
      schema: {
        tags,
        summary: "List the crashes that are kept, newest first",
        querystring: Paging.extend({ kind: Kinds, fingerprint: Fingerprint.optional() }),
        response: { 200: CrashList, ...problems() },
      },
    },
    async (request) => {
      const { limit, cursor, kind, fingerprint } = request.query;
      const rows = await listCrashes(context.db, { fingerprint, ...kindsOf(kind) }, readPlace(cursor), limit + 1);
      return cutPage(rows, limit, (row) => [row.createdAt, row.id], showCrash);
    },
  );

  app.get(
    "/v1/crashes/:id",
    { schema: { tags, summary: "A crash and its signature", params: CrashParams, response: { 200: Crash, ...problems(404) } } },
    async (request) => showWhole(await requireCrash(context, request.params.id)),
  );

  app.delete(
    "/v1/crashes/:id",
    { schema: { tags, summary: "Remove a crash", params: CrashParams, response: { 204: z.null(), ...problems(404) } } },
    async (request, reply) => {
      await requireCrash(context, request.params.id);
      await deleteCrash(context.db, request.params.id);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/v1/crashes/:id/report.txt",
    {
      config: { offers: ["text/plain"] },
      schema: {
        tags,
        summary: "The text of a crash, as it was sent",
        params: CrashParams,
        response: {
          200: { description: "The text", content: { "text/plain": { schema: z.string() } } },
          ...problems(404),
        },
      },
    },
    async (request, reply) => {
      const { id } = await requireCrash(context, request.params.id);
      // Hostile text: no browser shall take it for a page.
      return reply
        .type("text/plain; charset=utf-8")
        .header("x-content-type-options", "nosniff")
        .send(await crashText(context.db, id));
    },
  );
}
