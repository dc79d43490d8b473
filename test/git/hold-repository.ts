/** Run by children.test.ts: opens a repository, uses every child, says their process ids and waits to be killed. */
import { openRepository } from "../../src/git/open-repository.ts";

const [gitDir = "", scratchDir = "", ...commits] = process.argv.slice(2);
const repository = openRepository({ gitDir, scratchDir });
const [base = "", ours = "", theirs = ""] = await Promise.all(commits.map(async (oid) => (await repository.commit(oid))?.tree));
await repository.patch(commits[1] ?? "");
await repository.merge(base, ours, theirs);
console.log(JSON.stringify(repository.pids()));
