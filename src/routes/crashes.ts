import { z } from "zod";
import { findCrash, type KeptCrash, required, requireGroup, submitCrash } from "../jobs/crashes.ts";
import type { JobContext } from "../jobs/parts.ts";
import { checkCrashText, readCrashText } from "../jobs/read-crash-text.ts";
import { crashResource, urlOf } from "../jobs/resources.ts";
import { renderCrash, renderCrashes, renderGroup, renderGroups } from "../report/resources.ts";
import { Crash, CrashRequest, Fingerprint, SignatureGroup, SignatureRequest } from "../schema/crash.ts";
import { CrashList, SignatureList } from "../schema/lists.ts";
import { CrashKind, Signature } from "../schema/signature.ts";
import { crashText, deleteCrash, getCrash, listCrashes, listGroups } from "../store/crashes.ts";
import type { App } from "./app.ts";
import { askerOf, clientGone } from "./client.ts";
import { FORMS, inForms, sendForm } from "./forms.ts";
import { anyOf, cutPage, linkNext, Paging, readCursor, readPlace, UpdatedSince } from "./paging.ts";
import { problems, showCrash, showGroup } from "./representations.ts";

const CrashParams = z.object({ id: z.string().max(64) });
const Kinds = anyOf(CrashKind);
const tags = ["crashes"];
/** A crash text may be sent as it is. */
const consumes = ["application/json", "text/plain"];

export function crashRoutes(app: App, context: JobContext): void {
  const showWhole = ({ row, signature }: KeptCrash): Crash => ({ ...showCrash(row), signature });

  app.post(
    "/v1/signatures",
    {
      config: { scope: "analyze", crashText: true },
      schema: {
        tags,
        consumes,
        summary: "Read a crash text, and keep nothing",
        body: SignatureRequest,
        response: { 200: Signature, ...problems(413, 415, 504) },
      },
    },
    async (request, reply) => {
      checkCrashText(request.body.crash);
      return readCrashText(context, request.body.crash, askerOf(request), clientGone(reply));
    },
  );

  app.get(
    "/v1/signatures",
    {
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "List the groups of crashes that are alike, those seen last first",
        querystring: Paging.extend({ kind: Kinds, updatedSince: UpdatedSince }),
        response: { 200: inForms("A page of groups", SignatureList), ...problems() },
      },
    },
    async (request, reply) => {
      const { limit, cursor, kind: kinds, updatedSince } = request.query;
      const [lastSeen = "", fingerprint = ""] = cursor === undefined ? [] : readCursor(cursor, 2);
      const after = cursor === undefined ? null : { lastSeen, fingerprint };
      const groups = await listGroups(context.db, { kinds, updatedSince }, after, limit + 1);
      const page = cutPage(groups, limit, (row) => [row.lastSeen, row.fingerprint], showGroup);
      return sendForm(request, reply, linkNext(request, reply, page), renderGroups);
    },
  );

  app.get(
    "/v1/signatures/:fingerprint",
    {
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "A group of crashes that are alike, and the signature of the latest",
        params: z.object({ fingerprint: Fingerprint }),
        response: { 200: inForms("The group", SignatureGroup), ...problems(404, 410) },
      },
    },
    async (request, reply) => {
      const group = await requireGroup(context, request.params.fingerprint);
      const { id } = group.latest;
      const { signature } = required(await findCrash(context, id), id);
      const shown = { ...showGroup(group), signature };
      return sendForm(request, reply, shown, renderGroup);
    },
  );

  app.post(
    "/v1/crashes",
    {
      config: { scope: "analyze", crashText: true },
      schema: {
        tags,
        consumes,
        summary: "Read and keep a crash; the same text is the same crash",
        body: CrashRequest,
        response: { 200: Crash, 201: Crash, ...problems(409, 410, 413, 415, 422, 504) },
      },
    },
    async (request, reply) => {
      const crash = await submitCrash(context, request.body, askerOf(request), clientGone(reply));
      reply.code(crash.created ? 201 : 200).header("location", urlOf(crashResource(crash.row.id)));
      return showWhole(crash);
    },
  );

  app.get(
    "/v1/crashes",
    {
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "List the crashes that are kept, newest first",
        querystring: Paging.extend({ kind: Kinds, fingerprint: Fingerprint.optional(), updatedSince: UpdatedSince }),
        response: { 200: inForms("A page of crashes", CrashList), ...problems() },
      },
    },
    async (request, reply) => {
      const { limit, cursor, kind: kinds, fingerprint, updatedSince } = request.query;
      const rows = await listCrashes(context.db, { fingerprint, kinds, updatedSince }, readPlace(cursor), limit + 1);
      const page = cutPage(rows, limit, (row) => [row.createdAt, row.id], showCrash);
      return sendForm(request, reply, linkNext(request, reply, page), renderCrashes);
    },
  );

  app.get(
    "/v1/crashes/:id",
    {
      config: { offers: FORMS },
      schema: {
        tags,
        summary: "A crash and its signature",
        params: CrashParams,
        response: { 200: inForms("The crash", Crash), ...problems(404, 410) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      return sendForm(request, reply, showWhole(required(await findCrash(context, id), id)), renderCrash);
    },
  );

  app.delete(
    "/v1/crashes/:id",
    {
      config: { scope: "admin" },
      schema: { tags, summary: "Remove a crash", params: CrashParams, response: { 204: z.null(), ...problems(404) } },
    },
    async (request, reply) => {
      const { id } = request.params;
      required(await getCrash(context.db, id), id);
      await deleteCrash(context.db, id);
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
      const { id } = request.params;
      const text = required(await crashText(context.db, id), id);
      // Hostile text: no browser shall take it for a page.
      return reply.type("text/plain; charset=utf-8").header("x-content-type-options", "nosniff").send(text);
    },
  );
}
